import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.timeline.masks import MAX_TERMS, Both, Not, Term, join, parse_mask, terms
from webui.timeline.problems import FormulaError

BETTER = {"05", "17", "20"}
"""Where Deforum's reader is wrong: nothing is everything (05), the order of the operators."""


def test_masks_join_like_deforums():
    with np.load(golden("deforum/masks.npz"), allow_pickle=False) as data:
        arrays = dict(data)
    known = {"video_mask": "video_mask", "b.png": "file_b", "c.png": "file_c"}

    def pixels(term: Term):
        if term.value == "everywhere":
            return np.ones((64, 64), dtype=bool)
        return arrays[known[term.value]] > 127

    joined = 0
    for case in json.loads(str(arrays["meta"]))["cases"]:
        expression, key = case["expression"], case["key"]
        if not case["ok"] and key not in BETTER | {"29"}:
            with pytest.raises(FormulaError) as error:
                parse_mask(expression)
            assert 0 <= error.value.position <= len(expression)
        elif case["ok"] and key not in BETTER:
            made = join(parse_mask(expression, dangling=True), pixels)
            wanted = arrays[f"out_{key}"] > 127
            np.testing.assert_array_equal(made, wanted, err_msg=expression)
            joined += 1
    assert joined == 21


def test_what_binds_tighter():
    v, b, c = Term("named", "video_mask"), Term("file", "b"), Term("words", "red hat")
    assert parse_mask("{video_mask} | [b] & <red hat>") == Both("|", v, Both("&", b, c))
    assert parse_mask("![b] & {video_mask}") == Both("&", Not(b), v)
    assert parse_mask("[b]\\<red hat>\\[b]") == Both("\\", Both("\\", b, c), b)
    assert parse_mask("!!( [b] ^ {video_mask} )") == Not(Not(Both("^", b, v)))
    assert list(terms(parse_mask("[b] & !<red hat> | [b]"))) == [b, c, b]


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "mask_term", 0),
        ("{video_mask} & ", "mask_term", 15),
        ("([b]", "formula_not_closed", 0),
        ("[b])", "mask_not_opened", 3),
        ("[b] [c]", "mask_operator", 4),
        ("([b] [c])", "mask_operator", 5),
        ("{nope}", "mask_name", 1),
        ("[]", "mask_name", 1),
        ("[b", "mask_term", 0),
        ("a & b", "mask_term", 0),
        ("(" * 999, "formula_too_deep", 60),
        ("!" * 999, "formula_too_deep", 60),
        ("&".join(["[b]"] * 999), "mask_too_long", 800),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, code, position):
    with pytest.raises(FormulaError) as error:
        parse_mask(text)
    assert (error.value.code, error.value.position) == (code, position)


def test_a_long_expression_is_joined():
    mask = parse_mask("|".join(["[b]"] * MAX_TERMS))
    assert join(mask, lambda term: np.ones((2, 2), dtype=bool)).all()


@given(st.text(alphabet="{}[]<>()!&|^\\ ab", max_size=40))
def test_any_text_is_a_mask_or_an_error_with_a_place_within_it(text):
    try:
        assert list(terms(parse_mask(text)))
    except FormulaError as error:
        assert 0 <= error.position <= len(text)
