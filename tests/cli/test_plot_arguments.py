"""The options of plots."""

import pytest

from webui.cli.parser import read_arguments


def test_axes_and_switches() -> None:
    line = [
        "generate",
        "a",
        "--x",
        " Steps : 4-12 [3]",
        "--y",
        "Prompt S/R: a, b: c",
        "--margin",
        "4",
    ]
    found = vars(read_arguments([*line, "--no-legend", "--vary-seed", "xz"]))
    assert {name: value for name, value in found.items() if name.startswith("plot_")} == {
        "plot_x": {"axis": "Steps", "values": "4-12 [3]"},
        "plot_y": {"axis": "Prompt S/R", "values": "a, b: c"},
        **{"plot_margin": "4", "plot_legend": False, "plot_vary": "xz"},
    }


@pytest.mark.parametrize("line", [("--x", "Steps"), ("--x", ": 4"), ("--vary-seed", "xw")])
def test_what_they_cannot_mean(line: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["generate", "a", *line])
    assert line[1] in capsys.readouterr().err


def test_upscaling_has_no_plots() -> None:
    with pytest.raises(SystemExit):
        read_arguments(["upscale", "a.png", "--x", "Steps: 4"])
