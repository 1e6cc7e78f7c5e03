from pathlib import Path

from webui.ui.build import fingerprint


def test_the_build_id_changes_with_names_and_contents(tmp_path: Path):
    (tmp_path / "a.js").write_bytes(b"1")
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    (tmp_path / "a.js").write_bytes(b"2")
    second = fingerprint(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    third = fingerprint(tmp_path)
    assert len({first, second, third}) == 3
