import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from webui.core.errors import UnknownId
from webui.core.offers import ModelCard
from webui.library.presets import OwnPreset, Preset, Presets, preset_of_lora, with_own


def own(kind: Any, name: str, **values: Any) -> OwnPreset:
    return OwnPreset(kind=kind, name=name, values=Preset(**values))


def test_only_what_is_set_goes_onto_a_card():
    card = ModelCard(steps=20, cfg_scale=7.0, negative_prompt={"en": "bad", "pl": "źle"})
    changed = Preset(steps=4, shift=3.0, vae="fine").onto(card)
    assert (changed.steps, changed.cfg_scale, changed.shift, changed.vae) == (4, 7.0, 3.0, "fine")
    assert changed.negative_prompt == card.negative_prompt
    assert Preset(negative_prompt="").onto(card).negative_prompt == {"en": ""}
    assert Preset().onto(card) is card


@pytest.mark.parametrize(
    "values", [{"steps": 0}, {"width": 65}, {"cfg_scale": 0.5}, {"shift": -1}, {"prompt": "x"}]
)
def test_what_no_request_takes_is_no_preset(values: dict[str, Any]):
    with pytest.raises(ValidationError):
        Preset.model_validate(values)


def test_they_are_kept_replaced_and_forgotten(tmp_path: Path):
    presets = Presets(tmp_path / "state" / "presets.json")
    assert presets.all() == ()
    presets.keep(own("model", "b", steps=5))
    presets.keep(own("family", "sd1", steps=9))
    presets.keep(own("model", "b", steps=6, sampler="Euler"))
    again = Presets(tmp_path / "state" / "presets.json")
    assert [(one.kind, one.name, one.values.steps) for one in again.all()] == [
        ("family", "sd1", 9),
        ("model", "b", 6),
    ]
    again.remove("model", "b")
    assert presets.now() == {("family", "sd1"): Preset(steps=9)}
    with pytest.raises(UnknownId):
        presets.remove("model", "b")


def test_the_same_object_until_somebody_changes_the_file(tmp_path: Path):
    file = tmp_path / "presets.json"
    here, there = Presets(file), Presets(file)
    here.keep(own("model", "a", steps=5))
    first = there.now()
    assert there.now() is first
    here.keep(own("model", "a", steps=50))
    os.utime(file, ns=(1, 1))
    assert there.now()["model", "a"].steps == 50


@pytest.mark.parametrize("data", ["", "{", "[1]", '[{"kind": "model", "name": "a"}]'])
def test_a_broken_file_counts_as_none_and_is_mended(tmp_path: Path, data: str):
    file = tmp_path / "presets.json"
    file.write_text(data)
    presets = Presets(file)
    assert presets.all() == ()
    presets.keep(own("lora", "x", steps=3))
    assert json.loads(file.read_text())[0]["values"] == {"steps": 3}


def test_the_models_own_goes_over_its_familys():
    kept = {
        ("family", "sd1"): Preset(steps=9, cfg_scale=5.0),
        ("model", "dream"): Preset(steps=6),
    }
    card = with_own(ModelCard(sampler="Heun"), "dream", "sd1", kept)
    assert (card.steps, card.cfg_scale, card.sampler) == (6, 5.0, "Heun")
    assert with_own(ModelCard(), "other", "sdxl", kept) == ModelCard()


@pytest.mark.parametrize(
    ("name", "title", "values"),
    [
        ("sdxl_lightning_4step_lora", None, {"steps": 4, "cfg_scale": 1.0, "sampler": "Euler"}),
        ("lcm-lora-sdxl", None, {"steps": 6, "sampler": "LCM"}),
        ("x", "Hyper-SD 8 steps", {"steps": 8, "schedule": "SGM Uniform"}),
        ("flux-Turbo-Alpha", None, {"cfg_scale": 1.0}),
    ],
)
def test_loras_that_make_a_model_quick_tell_by_their_names(
    name: str, title: str | None, values: dict[str, Any]
):
    preset = preset_of_lora(name, title, {})
    assert preset and preset.values.items() >= values.items()


def test_other_loras_have_what_the_user_keeps():
    assert preset_of_lora("watercolour", None, {}) is None
    kept = {("lora", "lcm-lora"): Preset(steps=12)}
    assert preset_of_lora("lcm-lora", None, kept) == Preset(steps=12)


def test_in_how_many_bits_a_model_is_kept_is_a_setting_too():
    assert Preset(storage="fp8").onto(ModelCard()).storage == "fp8"
    with pytest.raises(ValidationError):
        Preset.model_validate({"storage": "5bit"})
