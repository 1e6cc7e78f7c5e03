"""`webui generate … --x …`: a plot of what the command asks for."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.doors import KEY, Client
from webui.cli.asking import asks_of
from webui.cli.connection import Connection
from webui.cli.generate import run
from webui.cli.parser import read_arguments
from webui.cli.plotting import plotted
from webui.core.running import Running


@pytest.fixture
def open_door(server: str):
    @contextmanager
    def door():
        with Connection(Running(server, KEY)) as connection:
            yield connection

    return door


def generate(open_door, *arguments: str) -> int:
    return run(read_arguments(["generate", "a red apple", *arguments]), open_door, "en")


def test_what_the_command_line_means() -> None:
    line = [
        "generate",
        "a",
        "--x",
        "Steps: 4-12 [3]",
        "--z",
        "Prompt S/R: a, b: c",
        "--margin",
        "4",
    ]
    options = read_arguments([*line, "--no-legend", "--vary-seed", "xz", "--steps", "9"])
    (ask,) = plotted(asks_of(options), options)
    assert ask.plot == {
        "x": {"axis": "Steps", "values": "4-12 [3]"},
        "z": {"axis": "Prompt S/R", "values": "a, b: c"},
        **{"margin": "4", "legend": False, "vary_x": True, "vary_z": True},
    }
    assert ask.values == {"kind": "txt2img", "prompt": "a", "steps": "9"}


def test_its_sheets_are_in_the_shell_s_language() -> None:
    options = read_arguments(["generate", "a", "--x", "Steps: 4"])
    options.language = "pl"
    (ask,) = plotted(asks_of(options), options)
    assert ask.plot is not None and ask.plot["language"] == "pl"


def test_options_without_an_axis(open_door, capsys) -> None:
    assert generate(open_door, "--margin", "4") == 1
    assert "at least one axis" in capsys.readouterr().err


def test_a_sheet_on_disk(open_door, capsys, tmp_path: Path, client: Client) -> None:
    line = ["--seed", "7", "--x", "Seed: 7,9", "--y", "Steps: 4,8", "--no-legend"]
    assert generate(open_door, *line, "--out", str(tmp_path), "--format", "png") == 0
    out, err = capsys.readouterr()
    assert err == ""
    file, _, *parameters = out.strip().split("\n")
    assert Path(file).parent == tmp_path
    assert "X Type: Seed, X Values:" in "".join(parameters)
    with Image.open(file) as sheet:
        side = sheet.width // 2
        assert [sheet.getpixel(at) for at in ((0, 0), (side, 0), (side, sheet.height - 1))] == [
            *((7, 0, 99), (9, 0, 99), (9, 0, 99))
        ]
    newest = client.get("/jobs?limit=5")["jobs"]
    assert [one["request"]["kind"] for one in newest] == ["plot", *["txt2img"] * 4]


def test_events_of_the_cells_are_told(open_door, capsys) -> None:
    assert generate(open_door, "--json", "--x", "Steps: 4,8") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len({one["job"] for one in events if one["kind"] == "finished"}) == 3
    assert events[-1]["kind"] == "result" and len(events[-1]["files"]) == 1


def test_a_value_that_does_not_fit(open_door, capsys) -> None:
    assert generate(open_door, "--x", "Steps: 4, many") == 2
    assert "Steps, value 2: “many” is neither" in capsys.readouterr().err
