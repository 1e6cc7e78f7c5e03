import pytest
from hypothesis import given
from hypothesis import strategies as some

from webui.prompt.references import numbered, references_in


@pytest.mark.parametrize(
    ("prompt", "text", "names"),
    [
        ("a cat", "a cat", ()),
        ("a cat {image}", "a cat", ("1",)),
        ("{image} a cat", "a cat", ("1",)),
        ("{image}, a cat", "a cat", ("1",)),
        ("a cat, {image}, on a mat", "a cat, on a mat", ("1",)),
        ("a cat like {image:2} on a mat", "a cat like on a mat", ("2",)),
        ("{image:anna} and {image:2} and {image:anna}", "and and", ("anna", "2")),
        ("{image}", "", ("1",)),
        ("{image:}", "{image:}", ()),
        ("{images} {image:a b} { image }", "{images} {image:a b} { image }", ()),
        ("two  blanks ,, stay", "two  blanks ,, stay", ()),
        ("(a cat:1.2) {image}\nand more", "(a cat:1.2)\nand more", ("1",)),
        ("a {image}, {image:2}, b", "a, b", ("1", "2")),
    ],
)
def test_tags_are_taken_out_and_their_names_kept(prompt, text, names) -> None:
    assert references_in(prompt) == (text, names)


@given(some.text(alphabet="{}image:1, \nab", max_size=60))
def test_nothing_is_left_to_find_and_no_other_letter_is_lost(prompt: str) -> None:
    text, names = references_in(prompt)
    if not names:
        assert text == prompt
    plain = prompt
    for tag in ("{image}", *(f"{{image:{name}}}" for name in names)):
        plain = plain.replace(tag, "")
    keep = str.maketrans("", "", ", \t\n")
    assert text.translate(keep) == plain.translate(keep)


def test_pictures_are_called_by_their_numbers() -> None:
    prompt = "put {image:b} on {image}, not {image:c}"
    assert numbered(prompt, ["b", "1"], "Picture") == "put Picture 1 on Picture 2, not {image:c}"
    assert numbered("a cat", [], "Picture") == "a cat"
