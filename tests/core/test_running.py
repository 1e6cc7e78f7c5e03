import os
from pathlib import Path

import pytest

from webui.core.running import Running, fingerprint, read_running, write_running

NOTE = Running("http://127.0.0.1:7860", "the key")


def test_what_was_noted_is_read(tmp_path: Path):
    path = tmp_path / "state" / "server.json"
    write_running(path, NOTE)
    assert read_running(path) == NOTE
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "5", "[1, 2]", '{"address": "x"}', '{"address": "x", "key": "y", "z": 1}']
)
def test_what_is_no_note_is_none(tmp_path: Path, text: str):
    path = tmp_path / "server.json"
    assert read_running(path) is None
    path.write_text(text, encoding="utf-8")
    assert read_running(path) is None


def test_a_fingerprint_tells_keys_apart_and_nothing_of_them():
    assert fingerprint("the key") == fingerprint("the key") != fingerprint("another")
    assert "key" not in fingerprint("the key") and len(fingerprint("the key")) == 16
