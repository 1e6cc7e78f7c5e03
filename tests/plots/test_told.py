"""A plot in a sheet's parameters, and read back."""

from webui.core.plot import Plot
from webui.plots.told import read_told, told, with_told
from webui.prompt.infotext import parse_infotext

PLOT = Plot.model_validate(
    {
        "base": {"prompt": "a"},
        "x": {"axis": "Steps", "values": "4-12 [3]"},
        "y": {"axis": "Prompt S/R", "values": 'cat,"dog, old"'},
        "z": {"axis": "Seed", "values": "-1,2"},
        "fixed": {"z": "17, 2"},
    }
)
TEXT = "a cat\nSteps: 4, Sampler: Euler a, CFG scale: 7.0, Seed: 1, Size: 64x64, Version: easel v1"


def test_a1111s_keys_in_its_order() -> None:
    text = with_told(TEXT, told(PLOT, whole=True))
    assert text.splitlines()[1] == (
        "Steps: 4, Sampler: Euler a, CFG scale: 7.0, Seed: 1, Size: 64x64, Script: X/Y/Z plot,"
        ' X Type: Steps, X Values: 4-12 [3], Y Type: Prompt S/R, Y Values: "cat,\\"dog, old\\"",'
        ' Z Type: Seed, Z Values: "-1,2", Fixed Z Values: "17, 2", Version: easel v1'
    )
    assert parse_infotext(text).values["Size-1"] == "64"


def test_one_sheet_of_several_knows_nothing_of_the_third_axis() -> None:
    assert "Z Type" not in told(PLOT, whole=False)


def test_read_back() -> None:
    text = with_told(TEXT, told(PLOT, whole=True))
    assert read_told(parse_infotext(text).values) == {
        "x": {"axis": "Steps", "values": "4-12 [3]"},
        "y": {"axis": "Prompt S/R", "values": 'cat,"dog, old"'},
        "z": {"axis": "Seed", "values": "-1,2"},
    }
    assert read_told(parse_infotext(TEXT).values) is None


def test_a1111s_own_sheets() -> None:
    text = (
        "a\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Script: X/Y/Z plot, "
        "X Type: Size, X Values: 512x768, Y Type: Nothing, Version: v1.10.1"
    )
    assert read_told(parse_infotext(text).values) == {"x": {"axis": "Size", "values": "512x768"}}


def test_parameters_without_a_version() -> None:
    assert with_told("", {"Script": "X/Y/Z plot"}) == "Script: X/Y/Z plot"
    assert with_told("a\nSteps: 4", {"Script": "b"}) == "a\nSteps: 4, Script: b"
