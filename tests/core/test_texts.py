import string

import pytest

from webui.core.errors import UserError
from webui.core.texts import LANGUAGES, catalogue, text


def gaps(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_language_has_every_text_with_the_same_gaps():
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert set(other) == set(english)
        assert [key for key in english if gaps(other[key]) != gaps(english[key])] == []
        assert [key for key in english if not other[key].strip()] == []


def test_gaps_are_filled():
    assert text("error.extension_twice", name="x").startswith("There are two extensions called x")
    assert text("error.extension_twice", "pl", name="x").startswith("Są dwa rozszerzenia")


def test_an_unknown_key_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        text("error.no_such_text")


def test_a_user_error_is_also_data():
    problem = UserError("extension_twice", "extensions", name="x").problem
    assert (problem.code, problem.field, problem.values) == (
        "extension_twice",
        "extensions",
        {"name": "x"},
    )
    assert problem.message == text("error.extension_twice", name="x")
