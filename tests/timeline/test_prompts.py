import pytest

from webui.timeline.keyframes import Clock
from webui.timeline.prompts import mixed, native_prompts

TEN = Clock(frames=11, seed=7, fps=10)


def test_prompts_hold_until_the_next_key_and_the_first_one_before_itself():
    series = native_prompts({"8": "c", "2": "a --neg x", "max_f/2": "b"}, "", "", TEN)
    assert series.findings == ()
    assert series.positive == ("a",) * 5 + ("b",) * 3 + ("c",) * 3
    assert series.negative == ("x",) * 5 + ("",) * 6


def test_keys_may_be_times_formulas_and_have_blanks():
    series = native_prompts({" 0 ": "a", "0.3s": "b", "max_f-2": "c"}, "", "", TEN)
    assert series.positive == ("a",) * 3 + ("b",) * 5 + ("c",) * 3


def test_global_texts_stand_around_with_commas_once():
    series = native_prompts({"0": "a cat --neg red --neg blue"}, "masterpiece,", "ugly", Clock(1))
    assert series.positive == ("masterpiece, a cat",)
    assert series.negative == ("red   blue, ugly",)
    series = native_prompts(
        [{"frame": 0, "prompt": "a", "negative": "b"}], "p", "--neg n", Clock(1)
    )
    assert (series.positive, series.negative) == (("p, a",), ("b, n",))


def test_formulas_are_computed_in_prompts_and_weights():
    table = {"0": "(a:`1+t/10`) `sqrt(t+1)` <lora:x:0.5*t> <lora:y:te=t/4:1>"}
    series = native_prompts(table, "`where(t<2, s, 2)`", "`t`", TEN)
    assert series.findings == ()
    assert series.positive[0] == "7, (a:1) 1 <lora:x:0> <lora:y:te=0:1>"
    assert series.positive[3] == "2, (a:1.3) 2 <lora:x:1.5> <lora:y:te=0.75:1>"
    assert series.negative[3] == "3"


def test_blends_add_up_to_one():
    series = native_prompts({"0": "a", "10": "b AND c :0.5"}, "", "", TEN, blend="linear")
    assert series.positive[0] == "a" and series.positive[10] == "b AND c :0.5"
    assert series.positive[3] == "a :0.7 AND b :0.3 AND c :0.15"


def test_a_row_has_a_blend_of_its_own_and_keys_behind_the_end_draw():
    table = [
        {"frame": 0, "prompt": "a", "blend": "ease_in_quad"},
        {"frame": 4, "prompt": "b"},
        {"frame": 20, "prompt": "c"},
    ]
    series = native_prompts(table, "", "", TEN, blend="linear")
    assert series.positive[2] == "a :0.75 AND b :0.25"
    assert series.positive[8] == "b :0.75 AND c :0.25"
    assert native_prompts(table, "", "", TEN).positive[8] == "b"


def test_the_negative_is_that_of_the_nearer_key():
    series = native_prompts({"0": "a --neg x", "10": "b --neg y"}, "", "", TEN, blend="linear")
    assert series.negative == ("x",) * 5 + ("y",) * 6


def test_networks_are_blended_by_weight():
    assert mixed("<lora:x:0.8> a", "<lora:x:0.4> <lora:y> b", 0.25) == (
        "<lora:x:0.7><lora:y:0.25> a :0.75 AND b :0.25"
    )
    assert mixed("a", "a", 0.5) == "a"


@pytest.mark.parametrize(
    ("table", "positive", "parameter", "position"),
    [
        ({}, "", "prompts", 0),
        ({"0": "a `x`"}, "", "prompts.0", 3),
        ({"0": "a", "x": "b"}, "", "prompts.x", 0),
        ({"0": "``"}, "", "prompts.0", 1),
        ({"0": "a"}, "b `1+`", "animation_prompts_positive", 5),
        ({"0": "a `1/t`"}, "", "prompts.0", 3),
        ({"0": "<lora:x:foo>"}, "", "prompts.0", 8),
        ([{"frame": 0, "prompt": "a", "blend": "wobble"}], "", "prompts.0", 0),
    ],
)
def test_what_is_wrong_is_told_with_its_place(table, positive, parameter, position):
    series = native_prompts(table, positive, "", TEN)
    assert [(found.parameter, found.position) for found in series.findings] == [
        (parameter, position)
    ]
    assert series.positive == ("",) * 11


def test_an_unknown_way_between_prompts_is_told():
    series = native_prompts({"0": "a"}, "", "", TEN, blend="wobble")
    assert [found.parameter for found in series.findings] == ["prompt_blend"]
