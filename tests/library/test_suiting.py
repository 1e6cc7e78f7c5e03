from typing import Any

import pytest

from webui.core.offers import ModelInfo
from webui.library.cards import card_of
from webui.library.suiting import hints, suits, unused_fields


def info(family: str, variant: str | None = None, name: str = "dream") -> ModelInfo:
    card = card_of(family, variant, name)
    return ModelInfo(id=name, path="/m", format="x", family=family, variant=variant, card=card)


@pytest.mark.parametrize(
    ("family", "variant", "unused"),
    [
        ("sd1", None, {"shift", "image_cfg_scale"}),
        ("sd1", "edit", {"shift"}),
        ("sdxl", "turbo", {"shift", "image_cfg_scale"}),
        ("sd3", None, {"image_cfg_scale"}),
        ("flux", None, {"negative_prompt", "clip_skip", "image_cfg_scale"}),
    ],
)
def test_fields_that_count_for_nothing(family: str, variant: str | None, unused: set[str]):
    assert set(unused_fields(info(family, variant))) == unused


def test_a_pipeline_as_it_is_has_few():
    unused = unused_fields(info("diffusers"))
    assert {"sampler", "schedule", "clip_skip"} <= set(unused)
    assert not {"prompt", "steps", "cfg_scale", "width", "seed"} & set(unused)


def test_of_a_model_nobody_knows_nothing_is_said():
    unknown = ModelInfo(id="x", path="/m", format="x")
    assert unused_fields(unknown) == ()


def codes(model: ModelInfo, **values: Any) -> list[tuple[str, str | None]]:
    return [(one.code, one.field) for one in hints(model, values)]


def test_what_suits_is_not_spoken_of():
    for model in (info("sd1"), info("sdxl", "lightning"), info("flux"), info("sd3")):
        card = model.card
        sizes = {"width": card.width, "height": card.height}
        assert codes(model, steps=card.steps, cfg_scale=card.cfg_scale, **sizes) == []
        assert codes(model) == []


@pytest.mark.parametrize(
    ("model", "values", "told"),
    [
        (info("sd1"), {"width": 1024, "height": 1024}, ("hint_large", "width")),
        (info("sd1"), {"width": 768, "height": 512}, None),
        (info("sdxl"), {"width": 512, "height": 512}, ("hint_small", "width")),
        (info("sdxl", "turbo", "sdxl-turbo"), {"width": 512, "height": 512}, None),
        (info("sdxl", "lightning", "lightning_4step"), {"steps": 50}, ("hint_many_steps", "steps")),
        (info("sdxl", "lightning", "lightning_4step"), {"steps": 8}, None),
        (info("sd1"), {"steps": 4}, ("hint_few_steps", "steps")),
        (info("sd1"), {"steps": 100}, None),
        (info("sdxl", "lcm"), {"cfg_scale": 7.0}, ("hint_guidance", "cfg_scale")),
        (info("sd1"), {"cfg_scale": 7.0}, None),
        (info("sdxl", "lcm"), {"negative_prompt": "bad"}, ("hint_negative", "negative_prompt")),
        (
            info("sd1"),
            {"negative_prompt": "bad", "cfg_scale": 1},
            ("hint_negative", "negative_prompt"),
        ),
        (info("sd1"), {"negative_prompt": "bad"}, None),
        (info("sd1"), {"steps": "many", "width": None, "height": -1, "cfg_scale": True}, None),
    ],
)
def test_values_that_are_far_off(
    model: ModelInfo, values: dict[str, Any], told: tuple[str, str] | None
):
    wanted = [told[0]] if told else []
    assert [code for code, _ in codes(model, **values)] == wanted


def test_sentences_name_the_model_and_what_suits_it():
    (hint,) = hints(info("sd1"), {"width": 2048, "height": 1024})
    assert "dream" in hint.message and "512" in hint.message


def test_a_field_that_is_set_and_counts_for_nothing_is_said_to():
    said = suits(info("flux"), {"negative_prompt": "bad", "clip_skip": 2, "steps": 20})
    assert {one.field for one in said.hints} == {"negative_prompt", "clip_skip"}
    assert suits(info("flux"), {"negative_prompt": "", "clip_skip": 1}).hints == ()
    assert [one.field for one in suits(info("sd1"), {"shift": 3.0}).hints] == ["shift"]
