"""Mistakes in sentences: short, in the user's words, never echoing at length."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from webui.core.errors import Problem, UserError, worded
from webui.core.explain import (
    MOST_PROBLEMS,
    clipped,
    explain,
    nearest,
    own_words,
    problem,
    unfitting,
    unknown_field,
)
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.texts import catalogue


def mistakes(values: Any, model: type[BaseModel] = Txt2Img) -> list[Problem]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    labels = "settings" if model is Settings else "ui.field"
    return explain(caught.value, model, labels)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("width", 513, "Width must be a multiple of 8: try 512 or 520."),
        ("width", 2041, "Width must be a multiple of 8: try 2040 or 2048."),
        ("width", 65, "Width must be a multiple of 8: try 64 or 72."),
        ("width", 63, "Width must be at least 64."),
        ("width", -1, "Width must be at least 64."),
        ("width", 0, "Width must be at least 64."),
        ("width", 2049, "Width must be at most 2048."),
        ("width", 2056, "Width must be at most 2048."),
        ("height", "tall", "Height must be a whole number."),
        ("height", 512.5, "Height must be a whole number."),
        ("steps", 10**9, "Steps must be at most 150."),
        ("steps", 0, "Steps must be at least 1."),
        ("steps", float("nan"), "Steps must be a whole number."),
        ("steps", float("inf"), "Steps must be a whole number."),
        ("steps", "9" * 5000, "Steps must be a whole number."),
        ("steps", [5], "Steps must be a whole number."),
        ("cfg_scale", float("nan"), "CFG scale must be a number."),
        ("cfg_scale", float("-inf"), "CFG scale must be a number."),
        ("cfg_scale", "NaN", "CFG scale must be a number."),
        ("cfg_scale", {}, "CFG scale must be a number."),
        ("cfg_scale", 31, "CFG scale must be at most 30."),
        ("seed", 2**64, "Seed must be at most 18446744073709551615."),
        ("seed", -2, "Seed must be at least -1."),
        ("batch_size", 9, "Batch size must be at most 8."),
        ("prompt", "", "The prompt is empty: say what the picture shows."),
        ("prompt", " \n", "The prompt is empty: say what the picture shows."),
        ("prompt", 5, "Prompt must be a text."),
        ("prompt", "\ud800", "Prompt must be a text."),
        ("prompt", "secret" * 200_000, "Prompt is longer than 20000 characters: shorten it."),
        ("prompts", "x", "Prompts must be a list."),
        ("prompts", ["x", 5], "Prompts must be a text."),
        ("model", 5, "Model must be a text."),
        ("noise_source", "gpu", "Noise source must be one of these: nv, cpu."),
        ("image_format", "bmp", "Image format must be one of these: png, jpeg, webp, avif."),
        ("extensions", [], "Extensions must be an object of names and values."),
        ("extensions", {"x": 5}, "Extensions must be an object of names and values."),
        ("kind", "img2img", "Kind must be one of these: txt2img."),
        ("hight", 5, "There is no field hight: did you mean height?"),
        ("zzzzzz", 5, "There is no field zzzzzz: leave it out."),
    ],
)
def test_one_sentence_a_mistake(field: str, value: Any, sentence: str) -> None:
    (found,) = mistakes({"prompt": "x", field: value})
    assert found.message == sentence
    assert (found.field or "").split(".")[0] == field
    assert "secret" not in found.model_dump_json()


def test_a_missing_prompt_and_several_mistakes_at_once() -> None:
    found = mistakes({"steps": 0, "width": 513})
    assert {one.field: one.code for one in found} == {
        "prompt": "missing",
        "steps": "too_small",
        "width": "not_a_multiple",
    }


def test_settings_have_their_own_labels() -> None:
    (found,) = mistakes({"image_quality": 101}, Settings)
    assert found.message == f"{catalogue('en')['settings.image_quality']} must be at most 100."
    (found,) = mistakes({"live_preview": "perhaps"}, Settings)
    assert "must be true or false" in found.message
    found = unknown_field("languag", Settings.model_fields, "settings")
    assert found.values["near"] == "language"


def test_a_thousand_mistakes_are_a_few_problems() -> None:
    found = mistakes({f"field {number}": 1 for number in range(5000)})
    assert len(found) == MOST_PROBLEMS


def test_long_and_strange_names_are_said_short() -> None:
    (found,) = mistakes({"prompt": "x", "y\n\ud800" * 10_000: 1})
    assert len(found.message) < 200
    found.model_dump_json().encode()
    found = mistakes({"prompt": "x", "extensions": {"z" * 10_000: 1}})
    assert all(len(one.model_dump_json()) < 400 for one in found)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    words: tuple[str, ...] = Field(default=(), max_length=2)
    choice: Literal[1, 2] = 1
    count: int = Field(default=0, gt=0)


def test_what_has_no_sentence_of_its_own_gets_a_general_one() -> None:
    assert mistakes({"words": ["a"] * 3}, Strict)[0].code == "list_too_long"
    assert mistakes({"choice": 3}, Strict)[0].values["choices"] == "1, 2"
    assert mistakes({"count": 0}, Strict)[0].code == "does_not_fit"
    assert mistakes(5, Strict)[0].code == "not_an_object"


def test_the_label_can_be_put_into_another_language() -> None:
    found = problem("too_small", "steps", limit="1")
    sentence = catalogue("pl")[f"error.{found.code}"]
    label = catalogue("pl")[f"ui.field.{found.field}"]
    assert sentence.format_map({**found.values, "label": label}).startswith("Pole Kroki:")


def test_the_nearest() -> None:
    assert nearest("eulr A", ["Euler", "Euler a", "DDIM"]) == "Euler a"
    assert nearest("qqq", ["Euler"]) is None
    assert nearest("x" * 10**6, ["Euler"]) is None
    assert nearest("", []) is None


def test_clipping() -> None:
    assert clipped("a\nb\0c") == "a?b?c"
    assert clipped("x" * 60) == "x" * 60
    assert clipped("x" * 10**6) == "x" * 60 + "…"


class Brush(BaseModel):
    size: int = Field(2, ge=0, le=9, multiple_of=2, title="Size")
    tip: Literal["flat", "round"] = Field("flat", title="Tip")


class Paint(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tone: float = Field(0, gt=0, le=1, title="Tone", json_schema_extra={"titles": {"pl": "Ton"}})
    name: str = Field("a", min_length=1, pattern="^a*$", title="Name")
    brushes: tuple[Brush, ...] = Field(
        (), max_length=2, title="Brushes", json_schema_extra={"titles": {"pl": "Pędzle"}}
    )
    words: str = ""

    @field_validator("words")
    @classmethod
    def _known(cls, words: str) -> str:
        if words:
            raise ValueError(words)
        return words


TEXTS = {
    "en": {"dry": "The paint is dry.", "lost": "No {what}."},
    "pl": {"dry": "Farba jest sucha."},
}


@pytest.mark.parametrize(
    ("values", "field", "english", "polish"),
    [
        ({"tone": 2}, "tone", "Tone must be at most 1.", "Pole Ton: wartość może wynosić"),
        ({"tone": 0}, "tone", "Tone has a value that does not fit", "Pole Ton ma nieodp"),
        ({"tone": "x"}, "tone", "Tone must be a number.", "Pole Ton musi być liczbą."),
        ({"name": ""}, "name", "Name has a value that", "Pole Name ma"),
        ({"name": "b"}, "name", "Name has a value that", "Pole Name ma"),
        ({"tune": 1}, "tune", "no field tune: did you mean tone?", "Nie ma pola tune"),
        ({"brushes": 5}, "brushes", "Brushes must be a list.", "Pole Pędzle musi"),
        ({"brushes": [{}] * 3}, "brushes", "Brushes", "Pędzle"),
        ({"brushes": [{}, {"size": 3}]}, "brushes.1.size", "Brushes 2 › Size", "Pędzle 2 › Size"),
        (
            {"brushes": [{"tip": "x"}]},
            "brushes.0.tip",
            "these: flat, round.",
            "tych wartości: flat",
        ),
        ({"words": "starts_after_end"}, "words", "It starts after its end", "Zaczyna się po"),
        ({"words": "dry"}, "words", "The paint is dry.", "Farba jest sucha."),
        ({"words": "lost"}, "words", "No {what}.", "No {what}."),
        ({"words": "just so"}, "words", "just so", "just so"),
    ],
)
def test_values_for_an_extension_are_explained_in_both_languages(
    values: Any, field: str, english: str, polish: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Paint.model_validate(values)
    found = unfitting("paint", "extensions.paint", caught.value, Paint, TEXTS)
    assert found.field == f"extensions.paint.{field}"
    assert english in worded(found, "en") == found.message
    assert polish in worded(found, "pl")
    assert "paint" in found.message


def test_an_extension_says_it_in_its_own_words() -> None:
    said = own_words(UserError("lost", what="brush").problem, TEXTS)
    assert said.message == worded(said, "en") == worded(said, "pl") == "No brush."
    ours = UserError("extension_twice", name="x").problem
    assert own_words(ours, {**TEXTS, "en": {"extension_twice": "Ha"}}) is ours
