from typing import Literal

from pydantic import BaseModel, Field

from webui.core.requests import Txt2Img
from webui.ui.bind import fields_of


class Options(BaseModel):
    strength: float = Field(0.5, ge=0, le=1, title="How much")
    count: int | None = Field(
        None, ge=1, multiple_of=2, json_schema_extra={"titles": {"pl": "Ile"}}
    )
    mode: Literal["soft", "hard"] = "soft"
    on: bool = True
    words: str = Field("", max_length=20)
    kind: Literal["always"] = "always"
    names: tuple[str, ...] = ()


def test_a_form_follows_from_a_model():
    assert fields_of(Options) == [
        {
            "name": "strength",
            "kind": "number",
            "default": 0.5,
            "min": 0,
            "max": 1,
            "title": {"en": "How much"},
        },
        {
            "name": "count",
            "kind": "integer",
            "min": 1,
            "step": 2,
            "title": {"en": "Count", "pl": "Ile"},
        },
        {
            "name": "mode",
            "kind": "choice",
            "default": "soft",
            "choices": ["soft", "hard"],
            "title": {"en": "Mode"},
        },
        {"name": "on", "kind": "toggle", "default": True, "title": {"en": "On"}},
        {
            "name": "words",
            "kind": "text",
            "default": "",
            "longest": 20,
            "title": {"en": "Words"},
        },
    ]


def test_the_form_has_every_field_of_a_request_that_can_stand_in_one():
    names = {field["name"] for field in fields_of(Txt2Img)}
    assert names == set(Txt2Img.model_fields) - {
        "kind",
        "extensions",
        "prompts",
        "negative_prompts",
    }


def test_bounds_are_those_of_the_request():
    fields = {field["name"]: field for field in fields_of(Txt2Img)}
    assert (fields["width"]["min"], fields["width"]["max"], fields["width"]["step"]) == (
        64,
        2048,
        8,
    )
    assert (fields["steps"]["min"], fields["steps"]["max"]) == (1, 150)
    assert fields["noise_source"]["choices"] == ["nv", "cpu"]
