import string

import pytest

from webui.core.errors import UserError
from webui.core.texts import LANGUAGES, catalogue, choose_language, field_label, text


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


@pytest.mark.parametrize(
    ("setting", "accepted", "language"),
    [
        ("auto", "", "en"),
        ("auto", "pl-PL, en;q=0.5", "pl"),
        ("auto", "de-DE,en;q=0.3, pl;q=0.8", "pl"),
        ("auto", "de, *;q=0.5", "en"),
        ("auto", "pl;q=1.2.3, en;q=", "en"),
        ("en", "pl", "en"),
    ],
)
def test_the_language_is_what_the_user_set_or_the_browser_asks_for(setting, accepted, language):
    assert choose_language(setting, accepted) == language


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("steps", "Kroki"),
        ("hires.steps", "Hires fix › Kroki"),
        ("prompts.0", "Prompty"),
        ("hires.unknown", "Hires fix"),
        ("unknown", None),
        ("extensions.steps", "Rozszerzenia"),
    ],
)
def test_fields_have_names(field: str, label: str | None) -> None:
    assert field_label(field, "pl") == label
