"""The commands that begin with pictures, against a real server; the worker makes flat pictures."""

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.doors import KEY
from webui.cli import generate
from webui.cli.connection import Connection
from webui.cli.generate import Follower, run
from webui.cli.parser import read_arguments
from webui.core.events import Job
from webui.core.running import Running


@pytest.fixture
def open_door(server: str):
    @contextmanager
    def door():
        with Connection(Running(server, KEY)) as connection:
            yield connection

    return door


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("one", "two", "three")):
        Image.new("RGB", (96, 64), (number, 9, 9)).save(tmp_path / f"{name}.png")
    return tmp_path


def make(open_door: Any, *arguments: object, language: str = "en") -> int:
    return run(read_arguments([str(one) for one in arguments]), open_door, language)


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def job_of(open_door: Any) -> Job:
    with open_door() as connection:
        return connection.jobs(1)[0]


def test_a_picture_becomes_a_picture(open_door, folder: Path, capsys) -> None:
    given = folder / "one.png"
    assert make(open_door, "img2img", given, "a cat", "--strength", "0.6", "--json") == 0
    told = result(capsys)
    assert told["ok"] and told["problems"] == []
    [made] = told["files"]
    assert made["input"] == str(given) and Path(made["file"]).is_file()
    request = job_of(open_door).request.model_dump()
    assert (request["kind"], request["strength"]) == ("img2img", 0.6)
    with open_door() as connection:
        assert request["image"] == connection.store(given.read_bytes())


def test_every_picture_of_a_folder_under_its_own_name(open_door, folder: Path, capsys) -> None:
    out = folder / "out"
    assert make(open_door, "img2img", folder, "a cat", "--out", out, "--seed", "3", "--json") == 0
    files = result(capsys)["files"]
    assert [(Path(made["input"]).stem, Path(made["file"]).stem) for made in files] == [
        ("one", "one"),
        ("three", "three"),
        ("two", "two"),
    ]
    assert sorted(path.name for path in out.iterdir()) == ["one.png", "three.png", "two.png"]


def test_one_bad_file_does_not_stop_the_others(open_door, folder: Path, capsys) -> None:
    (folder / "three.png").write_text("no picture", encoding="utf-8")
    assert make(open_door, "img2img", folder, "a cat") == 1
    out, err = capsys.readouterr()
    assert out.count("seed ") == 2
    [line] = err.splitlines()
    start = f"webui: {folder / 'three.png'}: This file is no picture that can be read: use PNG"
    assert line.startswith(start)
    assert make(open_door, "img2img", folder / "three.png", "a", "--json") == 1
    [problem] = result(capsys)["problems"]
    assert problem["file"] == str(folder / "three.png")
    assert problem["code"] == "picture_unknown"


def test_a_request_that_does_not_fit_is_told_for_each_file(open_door, folder, capsys) -> None:
    files = [folder / "one.png", folder / "two.png"]
    assert make(open_door, "inpaint", *files, "a", "--padding", "-1", "--content", "cake") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert [line.split(": ")[1] for line in lines] == [str(files[0])] * 2 + [str(files[1])] * 2
    assert make(open_door, "inpaint", files[0], "a", "--padding", "-1", language="pl") == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("webui: ") and str(files[0]) not in line and "-" not in line


def test_a_file_that_is_missing(open_door, folder: Path, capsys) -> None:
    @contextmanager
    def never():
        raise AssertionError("nobody is asked")
        yield

    assert make(never, "upscale", folder / "gone.png") == 1
    assert capsys.readouterr().err == (
        f"webui: {folder / 'gone.png'}: gone.png cannot be read: No such file or directory.\n"
    )


def test_a_place_that_cannot_be_written_is_told_before_anything_is_drawn(
    folder: Path, capsys
) -> None:
    @contextmanager
    def never():
        raise AssertionError("nobody is asked")
        yield

    out = folder / "one.png" / "out"
    assert make(never, "img2img", folder / "two.png", "a", "--out", out) == 1
    assert str(out) in capsys.readouterr().err


def test_ctrl_c_stops_the_job_and_all_that_would_follow(
    open_door, folder: Path, capsys, monkeypatch
) -> None:
    real = Follower._listen

    def interrupt(self: Follower, events: Any) -> None:
        if not self.interrupted:
            raise KeyboardInterrupt
        real(self, events)

    monkeypatch.setattr(generate.Follower, "_listen", interrupt)
    before = len(_jobs(open_door))
    assert make(open_door, "img2img", folder, "a slow cat", "--json") == 1
    assert result(capsys)["files"] == []
    assert len(_jobs(open_door)) == before + 1
    assert job_of(open_door).state == "cancelled"


def _jobs(open_door: Any) -> tuple[Job, ...]:
    with open_door() as connection:
        return connection.jobs(500)


def test_a_reference_begins_the_picture(open_door, folder: Path, capsys) -> None:
    assert make(open_door, "generate", "{image} in snow", "--image", folder / "two.png") == 0
    request = job_of(open_door).request.model_dump()
    assert (request["kind"], request["prompt"], request["strength"]) == ("img2img", "in snow", 0.75)
    assert make(open_door, "generate", "{image:2} in snow", "--image", folder / "two.png") == 2
    assert make(open_door, "generate", "snow", "--image", folder / "two.png") == 2


def test_a_files_own_parameters(open_door, folder: Path, capsys) -> None:
    assert make(open_door, "generate", "an apple", "--seed", "77", "--out", folder / "made") == 0
    [made] = (folder / "made").iterdir()
    assert make(open_door, "img2img", made, "", "--reuse") == 0
    request = job_of(open_door).request.model_dump()
    assert (request["prompt"], request["seed"], request["steps"]) == ("an apple", 77, 4)
