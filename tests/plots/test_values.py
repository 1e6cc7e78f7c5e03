"""Lists and ranges, as A1111's own help and code say."""

import pytest

from webui.plots.values import BadRange, decimal_numbers, joined, split, whole_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-5 (+2)", [1, 3, 5]),
        ("1-6 (+2)", [1, 3, 5]),
        ("10-5 (-3)", [10, 7]),
        ("1-10 [5]", [1, 3, 5, 7, 10]),  # A1111 cuts fractions off
        ("4-12[3]", [4, 8, 12]),
        (" 1 - 3 ", [1, 2, 3]),
        ("-3--1", [-3, -2, -1]),
        ("7-7", [7]),
        ("5-8 [1]", [5]),
        ("10-8 (-1)", [10, 9, 8]),  # A1111 forgets the end here
        ("5-3", [5, 4, 3]),
    ],
)
def test_whole_ranges(text: str, numbers: list[int]) -> None:
    assert list(whole_numbers(text, 1000) or []) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1-3 (+0.5)", [1, 1.5, 2, 2.5, 3]),
        ("0.0-1.0 [6]", [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("0-1 (+0.1)", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("1-0 (-.5)", [1, 0.5, 0]),
        ("0.5-0.5", [0.5]),
        ("0.75-2", [0.75, 1.75]),
    ],
)
def test_ranges_with_decimals(text: str, numbers: list[float]) -> None:
    assert list(decimal_numbers(text, 1000) or []) == numbers


@pytest.mark.parametrize("text", ["7", "-1", "a-b", "1-5 (x)", "", "1-2-3", "1.5-2", "1-5 []"])
def test_what_is_no_whole_range(text: str) -> None:
    assert whole_numbers(text, 1000) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1-5 (0)", "axis_range_away"),
        ("1-5 (-1)", "axis_range_away"),
        ("1-999999999999", "axis_range_long"),
        ("1-5 [999999999999]", "axis_range_long"),
        ("1-5 [0]", "axis_range_long"),
        ("1-1000000 (+1)", "axis_range_long"),
    ],
)
def test_ranges_without_an_end(text: str, code: str) -> None:
    for read in (whole_numbers, decimal_numbers):
        with pytest.raises(BadRange) as caught:
            list(read(text, 1000) or [])
        assert caught.value.code == code


def test_lists() -> None:
    assert split('a, "b, c" , "say ""hi""",d') == ["a", "b, c", 'say "hi"', "d"]
    assert split("a\nb, c") == ["a", "b", "c"]
    assert split("") == []
    assert split("Karras,") == ["Karras", ""]
    assert split(joined(["a, b", 'c"', "d"])) == ["a, b", 'c"', "d"]
