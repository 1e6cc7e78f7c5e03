"""Values are read as A1111 reads them, and what is wrong is said by axis and position."""

from typing import Any

import pytest

from webui.core.errors import UserError, worded
from webui.plots.axes import Axis, Choice, axes_of, find_axis
from webui.plots.reading import read_values

MENUS = {
    "sampler": (Choice("Euler a", aliases=("k_euler_a",)), Choice("DPM++ 2M")),
    "model": (Choice("folder/one", aliases=("one", "abcdef1234")), Choice("two")),
    "vae": (Choice(None, {}, ("Automatic",)), Choice("None")),
}
AXES = axes_of("txt2img", MENUS)
FLAG = Axis("flag", "toggle", {"en": "Flag"}, "Flag")


@pytest.mark.parametrize(
    ("axis", "typed", "values"),
    [
        ("Steps", "4-12 [3]", [4, 8, 12]),
        ("Steps", "1, 5-7,20", [1, 5, 6, 7, 20]),
        ("CFG Scale", "3,7", [3.0, 7.0]),
        ("CFG Scale", "3.5-5 (+0.5), 9", [3.5, 4, 4.5, 5, 9]),
        ("Seed", "-1, 18446744073709551615", [-1, 2**64 - 1]),
        ("Sampler", "euler A, K_euler_a,DPM++ 2M", ["Euler a", "Euler a", "DPM++ 2M"]),
        ("Checkpoint name", "ONE, two, abcdef1234, one [abcdef1234]", None),
        ("VAE", "Automatic, None", [None, "None"]),
        ("Width", "512-768 (+128)", [512, 640, 768]),
        ("Size", "512x768, 64 X 128", ["512x768", "64x128"]),
        ("Prompt S/R", 'cat,"dog, old",', ["cat", "dog, old", ""]),
        ("Prompt order", "a,b", [("a", "b"), ("b", "a")]),
        ("Negative prompt", "blur,", ["blur", ""]),
    ],
)
def test_values(axis: str, typed: str, values: list[Any] | None) -> None:
    wanted = values or ["folder/one", "two", "folder/one", "folder/one"]
    assert read_values(find_axis(AXES, axis, "x"), typed, "x") == wanted


def test_switches() -> None:
    assert read_values(FLAG, "True, off,nie,1", "x") == [True, False, False, True]


@pytest.mark.parametrize(
    ("axis", "typed", "code", "sentence"),
    [
        ("Steps", "4, x", "axis_not_whole", "Steps, value 2: “x” is neither a whole"),
        ("Steps", "1.5", "axis_not_whole", "value 1"),
        ("Steps", "4, 100-160 (+30)", "axis_too_large", "Steps, value 2: 160 is too large"),
        ("Steps", "0", "axis_too_small", "at least 1"),
        ("Steps", "1-99999", "axis_range_long", "up to 1000"),
        ("Steps", "1-5 (-1)", "axis_range_away", "other sign"),
        ("Steps", " , ", "axis_empty", "at least one value"),
        ("CFG Scale", "7, nan", "axis_not_number", "CFG Scale, value 2"),
        ("CFG Scale", "high", "axis_not_number", "nor a range"),
        ("Width", "512,513", "axis_not_multiple", "value 2: 513 must be a multiple of 8"),
        ("Sampler", "Euler b", "axis_not_choice", "choose from Euler a, DPM"),
        ("Size", "512", "axis_not_size", "such as 512x768"),
        ("Size", "512x513", "axis_bad_side", "multiples of 8"),
        ("Prompt order", "a,b,c,d,e,f,g", "axis_order_long", "7 words"),
        ("Flag", "maybe", "axis_not_switch", "True or False"),
    ],
)
def test_what_is_wrong(axis: str, typed: str, code: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("+", r"\+")) as caught:
        read_values(find_axis([*AXES, FLAG], axis, "y"), typed, "y")
    assert caught.value.problem.code == code
    assert caught.value.problem.field == "y.values"


def test_mistakes_name_the_axis_in_the_askers_language() -> None:
    with pytest.raises(UserError) as raised:
        read_values(find_axis(AXES, "Kroki", "x"), "200", "x")
    problem = raised.value.problem
    assert worded(problem, "en") == problem.message
    assert problem.message == "Steps, value 1: 200 is too large: it must be at most 150."
    assert worded(problem, "pl").startswith("Kroki, wartość 1: 200 to za dużo")
