"""What panels show follows from the options' types."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from webui.core.areas import Box
from webui.core.form_fields import fields_of
from webui.core.panel_fields import option, panel_fields
from webui.core.pictures import PictureRef


def told(**extra: Any) -> Any:
    return extra


class Area(BaseModel):
    words: str = ""
    where: Box = (0, 0, 1, 0.5)
    mask: PictureRef | None = Field(None, json_schema_extra=told(mask=True, over="seen"))


class Options(BaseModel):
    on: bool = False
    network: str = Field("plain", json_schema_extra=told(models="detector", words={"plain": {}}))
    seen: PictureRef | None = None
    others: tuple[PictureRef, ...] = Field((), max_length=3)
    areas: tuple[Area, ...] = Field(
        (),
        max_length=5,
        title="Areas",
        json_schema_extra=told(row={"en": "Area"}, when={"on": [True]}, titles={"pl": "Obszary"}),
    )
    hidden: int = Field(1, json_schema_extra=told(panel=False))
    rare: float = Field(0, json_schema_extra=told(fine=True))
    names: tuple[str, ...] = ()


FIELDS = {one["name"]: one for one in panel_fields(Options)}


def test_fields_stand_in_the_order_of_the_model_without_what_no_panel_shows():
    assert list(FIELDS) == ["on", "network", "seen", "others", "areas", "rare"]
    (on,) = (one for one in fields_of(Options) if one["name"] == "on")
    assert FIELDS["on"] == on
    assert FIELDS["rare"]["fine"] is True


def test_models_and_pictures():
    network = {"kind": "models", "models": "detector", "words": {"plain": {}}}
    assert FIELDS["network"] == {
        "name": "network",
        "title": {"en": "Network"},
        "default": "plain",
        **network,
    }
    assert FIELDS["seen"] == {"name": "seen", "title": {"en": "Seen"}, "kind": "picture"}
    assert (FIELDS["others"]["kind"], FIELDS["others"]["most"]) == ("pictures", 3)


def test_a_list_of_models_has_their_fields():
    areas = FIELDS["areas"]
    assert (areas["kind"], areas["most"], areas["default"]) == ("rows", 5, [])
    assert areas["title"] == {"en": "Areas", "pl": "Obszary"}
    assert (areas["row"], areas["when"]) == ({"en": "Area"}, {"on": [True]})
    words, where, mask = areas["fields"]
    assert words["kind"] == "text"
    assert (where["kind"], where["default"]) == ("box", [0, 0, 1, 0.5])
    assert (mask["kind"], mask["mask"], mask["over"]) == ("picture", True, "seen")


def test_an_option_has_names_bounds_and_whatever_its_extra_tells():
    class Shaped(BaseModel):
        weight: float = option(1.0, "Weight", "Waga", 0, 2, fine=True)
        words: str = option("", "Words", "Słowa", longest=3)

    weight, words = panel_fields(Shaped)
    assert weight["title"] == {"en": "Weight", "pl": "Waga"}
    assert (weight["min"], weight["max"], weight["fine"], weight["default"]) == (0, 2, True, 1.0)
    assert words["title"]["pl"] == "Słowa" and "min" not in words
    for wrong in ({"weight": 3}, {"words": "four"}):
        with pytest.raises(ValidationError):
            Shaped(**wrong)
