import pytest

from webui.timeline.keyframes import Clock
from webui.timeline.prompts import has_ways, mixed, native_prompts, prompt_keys, prompt_weights

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
    parts = [("<lora:x:0.8> a", 0.75), ("<lora:x:0.4> <lora:y> b", 0.25)]
    assert mixed(parts) == "<lora:x:0.7><lora:y:0.25> a :0.75 AND b :0.25"
    assert mixed([("a", 0.5), ("a", 0.5)]) == "a"
    assert mixed([("a", 0.25), ("b", 0.5), ("a", 0.25)]) == "a :0.5 AND b :0.5"


def test_prompts_with_weights_of_their_own_reach_the_generator_so():
    table = [
        {"frame": 0, "prompt": "a", "negative": "x"},
        {"frame": 5, "prompt": "b", "negative": "y", "weight": "0:(0), 4:(0.6), 8:(0.3)"},
        {"frame": 6, "prompt": "c"},
    ]
    series = native_prompts(table, "", "", TEN)
    assert series.findings == ()
    assert series.positive[0] == "a"
    assert series.positive[2] == "a :0.7 AND b :0.3"  # before its own key, too
    assert series.positive[4] == "a :0.4 AND b :0.6"
    assert series.positive[10] == "b :0.3 AND c :0.7"
    assert series.negative[2] == "x" and series.negative[4] == "y"
    assert list(series.parts) == ["0", "5", "6"]
    assert series.parts["5"].share[[0, 2, 4, 10]] == pytest.approx([0, 0.3, 0.6, 0.3])
    assert series.parts["5"].own is not None and series.parts["6"].own is None


def test_a_table_tells_its_keys_weights_and_whether_it_has_ways():
    plain = [{"frame": 0, "prompt": "a"}]
    own = [*plain, {"frame": "2s", "prompt": "b", "weight": 0.5}]
    assert (prompt_keys(own), prompt_weights(own)) == (["0", "2s"], ["0.5"])
    assert prompt_weights({"0": "a"}) == [] and not has_ways({"0": "a"})
    assert has_ways(own) and not has_ways(plain)
    assert has_ways([{"frame": 0, "blend": "step"}])


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
        ([{"frame": 0, "prompt": "a", "weight": "0:(1), 5:(x)"}], "", "prompts.0.weight", 10),
        ([{"frame": 0, "prompt": "a", "weight": "5 - t"}], "", "prompts.0.weight", 0),
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
