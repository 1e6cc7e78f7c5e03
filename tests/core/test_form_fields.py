from typing import Literal

import pytest
from pydantic import BaseModel, Field

from webui.core.animation import After
from webui.core.form_fields import fields_of, inner_model, titles_at
from webui.core.plot import PlotAxis
from webui.core.requests import (
    KINDS,
    Hires,
    Loopback,
    Refiner,
    SoftInpaint,
    TiledDiffusion,
    Txt2Img,
)

PARTS: dict[str, type[BaseModel]] = {
    "hires": Hires,
    "refiner": Refiner,
    "loopback": Loopback,
    "soft": SoftInpaint,
    "diffusion": TiledDiffusion,
    "after": After,
    **dict.fromkeys("xyz", PlotAxis),
}


class Options(BaseModel):
    strength: float = Field(0.5, ge=0, le=1, title="How much")
    count: int | None = Field(
        None, ge=1, multiple_of=2, json_schema_extra={"titles": {"pl": "Ile"}}
    )
    mode: Literal["soft", "hard"] = Field(
        "soft", json_schema_extra={"words": {"hard": {"pl": "twardo"}}}
    )
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
            "words": {"hard": {"pl": "twardo"}},
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
        "references",
        "hires",
        "refiner",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_a_request_are_fields_with_the_name_of_the_part(kind: str):
    names = [field["name"] for field in fields_of(KINDS[kind], parts=True)]
    parts = {name: part for name, part in PARTS.items() if name in KINDS[kind].model_fields}
    for name, part in parts.items():
        own = {field["name"] for field in fields_of(part)}
        assert own and {f"{name}.{one}" for one in own} <= set(names)
    assert len(names) == len(set(names))
    assert {name.partition(".")[0] for name in names if "." in name} == set(parts)


def test_a_field_of_a_part_has_its_own_bounds_and_default():
    fields = {field["name"]: field for field in fields_of(Txt2Img, parts=True)}
    assert (fields["hires.strength"]["min"], fields["hires.strength"]["max"]) == (0, 1)
    assert fields["hires.strength"]["default"] == 0.7
    assert "default" not in fields["hires.sampler"]


def test_bounds_are_those_of_the_request():
    fields = {field["name"]: field for field in fields_of(Txt2Img)}
    assert (fields["width"]["min"], fields["width"]["max"], fields["width"]["step"]) == (
        64,
        2048,
        8,
    )
    assert (fields["steps"]["min"], fields["steps"]["max"]) == (1, 150)
    assert fields["noise_source"]["choices"] == ["nv", "cpu"]


class Many(BaseModel):
    one: Options = Options()
    several: tuple[Options, ...] = Field((), json_schema_extra={"titles": {"pl": "Wiele"}})
    none: Options | None = None


def test_a_model_without_fields_has_none():
    class Empty(BaseModel):
        pass

    assert fields_of(Empty) == []


@pytest.mark.parametrize(
    ("place", "titles"),
    [
        (["one"], {"en": "One"}),
        (["several", "1", "count"], {"en": "Several 2 › Count", "pl": "Wiele 2 › Ile"}),
        (["several", "0", "strength"], {"en": "Several 1 › How much", "pl": "Wiele 1 › How much"}),
        (["one", "count"], {"en": "One › Count", "pl": "One › Ile"}),
        (["nowhere"], {"en": "?"}),
    ],
)
def test_what_stands_at_a_place_has_a_name(place: list[str], titles: dict[str, str]):
    assert titles_at(Many, place) == titles


def test_the_model_in_a_field():
    assert [inner_model(Many, name) for name in Many.model_fields] == [Options] * 3
    assert inner_model(Options, "count") is None
