"""Inline negatives: what moves, what stays, what is tidied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.prompt.negatives import merge_negative, split_negatives


@pytest.mark.parametrize(
    ("prompt", "positive", "negatives"),
    [
        ("a cat (-bad hands)", "a cat", ["bad hands"]),
        ("(-bad anatomy -extra fingers) cat", "cat", ["bad anatomy", "extra fingers"]),
        ("cat (-bad hands:1.3)", "cat", ["(bad hands:1.3)"]),
        ("cat (-blur -bad hands: 1.3 )", "cat", ["blur", "(bad hands: 1.3)"]),
        ("cat (-blur:0.5 -hands:1.3)", "cat", ["(blur:0.5)", "(hands:1.3)"]),
        ("cat (-bad (hands:1.2) -(x -y))", "cat", ["bad (hands:1.2)", "(x -y)"]),
        ("(-a, -b,-c - d), cat", "cat", ["a", "b", "c", "d"]),
        ("(-well-known -ill-fitting hat)", "", ["well-known", "ill-fitting hat"]),
        (r"a (-smile :\) -b\(c) d", "a d", [r"smile :\)", r"b\(c"]),
        ("a (-b (-c) -d) e", "a e", ["b (-c)", "d"]),
    ],
)
def test_items(prompt: str, positive: str, negatives: list[str]) -> None:
    assert split_negatives(prompt) == (positive, tuple(negatives))


@pytest.mark.parametrize("empty", ["(-)", "(- )", "(-:1.3)", "(- , -)"])
def test_an_empty_one_goes_and_moves_nothing(empty: str) -> None:
    assert split_negatives(f"a cat, {empty}, b") == ("a cat, b", ())


@pytest.mark.parametrize(
    "prompt",
    [
        r"a \(-b)",
        r"(\-b)",
        "( -b)",
        "(a -b)",
        "(-never closed",
        "well-known (word:-1.2)",
        "  a ,, (b) , -c  \n",
    ],
)
def test_what_is_none_stays(prompt: str) -> None:
    assert split_negatives(prompt) == (prompt, ())


@pytest.mark.parametrize(
    ("prompt", "positive"),
    [
        ("a, (-x), b", "a, b"),
        ("a,(-x),b", "a,b"),
        ("a,(-x) b", "a, b"),
        ("a (-x), b", "a, b"),
        ("a (-x) b", "a b"),
        ("a(-x)b", "a b"),
        ("(-x), a", "a"),
        ("a, (-x)", "a"),
        ("a, (-x), ", "a"),
        ("a, (-x), (-y), (-z)", "a"),
        ("a, (-x) (-y), b", "a, b"),
        ("a,\n(-x),\nb", "a,\nb"),
        ("a (-x)\nb", "a\nb"),
        ("a : (-x) b", "a : b"),
        ("a (-x) : b", "a : b"),
        ("(a cat, (-x):1.2)", "(a cat:1.2)"),
        ("((-x), a)", "(a)"),
        ("((-x)-y)", "( -y)"),
        ("[a (-x):b (-y):0.5]", "[a:b:0.5]"),
        ("[(-x)|a]", "[|a]"),
        ("a (-x) AND (-y) b :0.5", "a AND b :0.5"),
    ],
)
def test_commas_and_spaces_are_tidied(prompt: str, positive: str) -> None:
    assert split_negatives(prompt)[0] == positive


def test_they_join_the_negative_prompt() -> None:
    assert merge_negative("", ("a", "b")) == "a, b"
    assert merge_negative("ugly", ("a", "b")) == "ugly, a, b"
    assert merge_negative("ugly, \n", ("a",)) == "ugly, a"
    assert merge_negative(" ugly, ", ()) == " ugly, "


PROMPTS = st.text(alphabet="ab(-) ,:[]|\\1.\n") | st.text()


@given(PROMPTS)
def test_a_second_reading_finds_nothing(prompt: str) -> None:
    positive, _ = split_negatives(prompt)
    assert split_negatives(positive) == (positive, ())


@given(PROMPTS.map(lambda prompt: prompt.replace("(-", "(")))
def test_without_the_mark_nothing_changes(prompt: str) -> None:
    assert "(-" in prompt or split_negatives(prompt) == (prompt, ())


@given(PROMPTS)
def test_nothing_is_invented(prompt: str) -> None:
    positive, negatives = split_negatives(prompt)
    everything = positive + "".join(negatives)
    for character in set(everything) - set(" ()"):
        assert everything.count(character) <= prompt.count(character)


def test_a_long_row_is_read() -> None:
    positive, negatives = split_negatives("(-a b" + " " * 20_000 + "-c), ")
    assert not positive
    assert len(negatives) == 2
    assert split_negatives("(-a), " * 3_000 + "b") == ("b", ("a",) * 3_000)
    assert split_negatives("(-" * 10_000) == ("(-" * 10_000, ())
