"""`webui models download`, on a server of its own that a test may kill."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints import write_weights
from tests.doors import KEY
from tests.jobs.setting import QUICK, make_jobs, paths_in
from tests.library.peer import Page, Peer, serving
from tests.library.test_downloads import LORA
from webui.cli import download
from webui.cli.connection import Connection, Gone
from webui.cli.parser import read_arguments
from webui.core.errors import UserError
from webui.core.paths import Paths
from webui.core.running import Running
from webui.library.downloads import PARTS

MARK = {"etag": '"1"'}


@pytest.fixture
def peer() -> Generator[Peer]:
    with serving() as peer:
        yield peer


@pytest.fixture
def lora(tmp_path: Path) -> bytes:
    return write_weights(tmp_path / "x", {**LORA, "x": (500_000,)}).read_bytes()


def shell(paths: Paths, peer: Peer, *arguments: str) -> tuple[int, str, str]:
    """The command in a process of its own, which starts a server of its own."""
    command = [sys.executable, "-m", "webui", "models", "download", *arguments]
    command += ["--data-dir", str(paths.data)]
    environment = {**os.environ, "HF_ENDPOINT": peer.base, "LANG": "C", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_from_the_shell_to_the_folder(data_folder: Paths, peer: Peer, lora: bytes) -> None:
    url = peer.put("/some/old/nice.safetensors", lora, headers=MARK)
    code, out, err = shell(data_folder, peer, url, "--name", "mine")
    path = data_folder.models / "loras" / "mine.safetensors"
    assert (code, out, err) == (0, f"{path}\n", "")
    assert path.read_bytes() == lora
    code, out, err = shell(data_folder, peer, "owner/none", "--json")
    result = json.loads(out.splitlines()[-1])
    assert (code, result["ok"], result["files"]) == (1, False, [])
    assert [one["code"] for one in result["problems"]] == ["download_missing"]


@contextmanager
def door_to(server: str) -> Generator[Connection]:
    with Connection(Running(server, KEY)) as connection:
        yield connection


def ask(server: str, *arguments: str) -> int:
    options = read_arguments(["models", "download", *arguments])
    return download.run(options, lambda: door_to(server), "en")


def test_what_does_not_fit(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(server, "nonsense") == 2
    assert "no address of a model" in capsys.readouterr().err
    assert ask(server, "a/b", "--sha256", "5", "--json") == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert [one["code"] for one in json.loads(line)["problems"]] == ["not_a_sha256"]
    assert ask(server, "http://127.0.0.1:1/some/old/x") == 1
    assert "without encryption" in capsys.readouterr().err


def test_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    @contextmanager
    def gone() -> Generator[Connection]:
        raise Gone("server_gone", address="x")
        yield

    @contextmanager
    def broken() -> Generator[Connection]:
        raise UserError("data_in_use", folder="x")
        yield

    for door in (gone, broken):
        assert download.run(read_arguments(["models", "download", "a/b"]), door, "en") == 1
        assert capsys.readouterr().err.startswith("webui: ")


@pytest.mark.parametrize("kind", ["loras", "lora", "LoRAs"])
def test_kinds_are_called_as_their_folders_are(kind: str) -> None:
    assert read_arguments(["models", "download", "a/b", "--to", kind]).to == "lora"


def test_a_kind_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["models", "download", "a/b", "--to", "dogs"])
    assert "use one of" in capsys.readouterr().err


def test_a_killed_server_goes_on_where_it_was(
    tmp_path: Path, peer: Peer, lora: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = peer.put("/some/old/nice.safetensors", lora, headers=MARK)
    peer.first("/some/old/nice.safetensors", Page(lora, headers=MARK, paced=20_000))
    command = [sys.executable, "-m", "tests.jobs.server", str(tmp_path)]
    environment = {**os.environ, "HF_ENDPOINT": peer.base}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, env=environment, **pipes)
    assert process.stdin and process.stdout and process.stdout.readline() == "up\n"
    request = {"kind": "download", "source": url}
    process.stdin.write(json.dumps({"request": request, "owner": "o"}) + "\n")
    process.stdin.flush()
    id = process.stdout.readline().strip()
    paths = paths_in(tmp_path)
    end = time.monotonic() + 30
    while sum(one.stat().st_size for one in (paths.models / PARTS).glob("*.part")) < 100_000:
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.communicate()
    (part,) = (paths.models / PARTS).glob("*.part")
    left = part.stat().st_size
    monkeypatch.setenv("HF_ENDPOINT", peer.base)
    jobs = make_jobs(paths, QUICK)
    jobs.start()
    try:
        while (job := jobs.get(id)).ended is None:
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        jobs.close()
    assert job.state == "finished", job.problem
    assert job.text and Path(job.text).read_bytes() == lora
    assert peer.asked[-1].headers["range"] == f"bytes={left}-"
    assert left < len(lora)
