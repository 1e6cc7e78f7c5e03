import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.timeline.expressions import MAX_DEPTH, parse
from webui.timeline.problems import FormulaError


def postfix(text: str) -> str:
    return " ".join(
        f"{step.name}/{step.count}" if step.kind == "call" else step.name
        for step in parse(text).operations
    )


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("1+2*3", "1 2 3 * +"),
        ("1-2-3", "1 2 - 3 -"),
        ("2**3**4", "2 3 4 ** **"),
        ("-t**2", "t 2 ** -"),
        ("2**-1", "2 1 - **"),
        ("(1+2)*3", "1 2 + 3 *"),
        ("1<<2+3", "1 2 3 + <<"),
        ("a|b^c&d", "a b c d & ^ |"),
        ("a<b<=c", "a b c < <="),
        ("a<b==c+1", "a b c 1 + < =="),
        ("not a<b and c or d", "a b < not c and d or"),
        ("sin(t)+max(1,t,3)", "t sin/1 1 t 3 max/3 +"),
        ("f()", "f/0"),
        ("t.real", "t real"),
        ("3 if t>2 else 1", "t 2 > 3 1 if"),
        ("~-+t", "t + - ~"),
    ],
)
def test_what_binds_tighter_comes_first(text, order):
    assert postfix(text) == order


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "formula_ends", 0),
        ("1+", "formula_ends", 2),
        ("(1", "formula_not_closed", 0),
        ("1)", "formula_not_opened", 1),
        ("sin(t", "formula_not_closed", 3),
        ("sin(t,)", "formula_value", 6),
        ("sin t", "formula_operator", 4),
        ("1,2", "formula_comma", 1),
        ("(1,2)", "formula_comma", 2),
        ("2 3", "formula_operator", 2),
        ("*2", "formula_value", 0),
        ("1 if 2", "formula_else", 6),
        ("t.5", "formula_operator", 1),
        ("t.", "formula_character", 1),
        ("if", "formula_value", 0),
        ("(" * 500 + "1" + ")" * 500, "formula_too_deep", MAX_DEPTH),
        ("-" * 500 + "1", "formula_too_deep", MAX_DEPTH),
        ("2**" * 500 + "1", "formula_too_deep", 180),
        ("not " * 500 + "1", "formula_too_deep", 240),
        ("1 if 1 else " * 300 + "1", "formula_too_deep", 12 * MAX_DEPTH),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, code, position):
    with pytest.raises(FormulaError) as error:
        parse(text)
    found = error.value
    assert found.code == code
    assert abs(found.position - position) <= (4 if code == "formula_too_deep" else 0)


def test_a_long_sum_is_no_deep_one():
    assert len(parse("+".join(["t"] * 1500)).operations) == 2999


def test_the_names_that_are_used():
    assert parse("sin(t)+s").names == {"sin", "t", "s"}


@given(st.text(alphabet="t1.+-*/()<>=&|,~^% andortif\n\"'eE_#:;[]", max_size=60))
def test_any_text_is_a_formula_or_an_error_with_a_place_within_it(text):
    try:
        assert parse(text).operations
    except FormulaError as error:
        assert 0 <= error.position <= len(text)
