import pytest

from webui.timeline.problems import FormulaError
from webui.timeline.tokens import MAX_LENGTH, tokenize


def test_pieces_with_their_places():
    tokens = tokenize("1.5*sin( t )**2 >= x # why")
    assert [token.text for token in tokens] == "1.5 * sin ( t ) ** 2 >= x".split() + [""]
    assert [token.position for token in tokens][:5] == [0, 3, 4, 7, 9]
    assert tokens[-1].kind == "end" and tokens[-1].position == 26


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0", 0),
        ("000", 0),
        ("5.", 5.0),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("0o17", 15),
        ("2j", 2j),
        ("1e400", float("inf")),
    ],
)
def test_numbers_as_python_writes_them(text, value):
    token = tokenize(text)[0]
    assert token.value == value and type(token.value) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("1..2", "formula_number", 0),
        ("2+3an", "formula_number", 2),
        ("1_", "formula_number", 0),
        ("5e", "formula_number", 0),
        ("007", "formula_number", 0),
        ("t[0]", "formula_character", 1),
        ("٣", "formula_character", 0),
        ("½", "formula_character", 0),
        ("0：1", "formula_character", 1),
        ("'a'", "formula_character", 0),
        ("1" * (MAX_LENGTH + 1), "formula_too_long", MAX_LENGTH),
    ],
)
def test_what_means_nothing_is_told_with_its_place(text, code, position):
    with pytest.raises(FormulaError) as error:
        tokenize(text)
    assert (error.value.code, error.value.position) == (code, position)


def test_a_line_break_ends_a_formula_where_it_does_in_python():
    assert len(tokenize("(1 +\n2)\n", lines=False)) == 6
    assert len(tokenize("1 +\n2")) == 4
    with pytest.raises(FormulaError) as error:
        tokenize("1\n+ 2", lines=False)
    assert (error.value.code, error.value.position) == ("formula_line", 1)


def test_wide_letters_are_the_same_names():
    assert tokenize("ｔ+1")[0].text == "t"
