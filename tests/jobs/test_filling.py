from typing import Any

import pytest

from tests.jobs.door import Door
from tests.jobs.test_checks import CATALOG
from webui.core.intents import INTENTS
from webui.core.requests import Img2Img, Inpaint, Outpaint, Upscale
from webui.core.settings import Settings
from webui.jobs.filling import suits


@pytest.mark.parametrize(
    ("size", "values", "expected"),
    [
        ((100, 100), {}, (128, 128)),  # the card's area (128 x 128), the picture's proportions
        ((4000, 1000), {}, (256, 64)),
        ((1, 1), {}, (128, 128)),
        ((9000, 10), {}, (2048, 64)),
        ((100, 50), {"scale": 2.0}, (200, 96)),
        ((100, 50), {"scale": 0.05}, (64, 64)),
        ((100, 50), {"width": 256}, (256, 128)),
        ((100, 50), {"height": 256}, (512, 256)),
        ((100, 50), {"width": 64, "height": 512}, (64, 512)),
    ],
)
def test_the_size_of_image_to_image(door: Door, size, values, expected) -> None:
    request = door.taken("img2img", image=door.put(*size), **values)
    assert (request.width, request.height) == expected


def test_a_scale_that_makes_it_too_large_is_said(door: Door) -> None:
    assert door.refused("img2img", image=door.put(1000, 600), scale=3) == {"width": "too_large"}


def test_inpainting_keeps_the_pictures_size_unless_told_otherwise(door: Door) -> None:
    image, mask = door.put(300, 200), door.put(300, 200)
    request = door.taken("inpaint", image=image, mask=mask)
    assert isinstance(request, Inpaint)
    assert (request.width, request.height) == (None, None)
    assert request.prompt == ""


@pytest.mark.parametrize("intent", INTENTS)
def test_an_intent_fills_in_what_is_left_out_only(door: Door, intent: Any) -> None:
    image = door.put(10, 10)
    request = door.taken("inpaint", image=image, intent=intent)
    assert INTENTS[intent].items() <= request.model_dump().items()
    own = door.taken("inpaint", image=image, intent=intent, strength=0.1, content="latent_noise")
    assert (own.strength, own.content) == (0.1, "latent_noise")


def test_an_intent_that_does_not_exist_is_said(door: Door) -> None:
    image = door.put(10, 10)
    assert door.refused("inpaint", image=image, intent="beautify") == {"intent": "not_a_choice"}
    assert door.refused("inpaint", image=image, intent=["fill"]) == {"intent": "not_a_choice"}


def test_outpainting_needs_a_side_and_has_a_limit(door: Door) -> None:
    image = door.put(10, 10)
    assert door.refused("outpaint", image=image) == {"right": "outpaint_nothing"}
    assert isinstance(door.taken("outpaint", image=image, left=8), Outpaint)
    long = door.put(16_000, 10)
    assert door.refused("outpaint", image=long, left=800) == {None: "result_too_large"}


def test_enlarging_has_a_limit(door: Door) -> None:
    large = door.put(5000, 5000)
    assert isinstance(door.taken("upscale", image=large, by=2), Upscale)
    assert door.refused("upscale", image=large, by=2.1) == {None: "result_too_large"}
    assert door.refused("upscale", image=door.put(100, 3000), width=16_000, crop=False) == {
        None: "result_too_large"
    }
    thin = door.put(1, 3000)  # all of it would be enlarged, to keep its middle
    assert door.refused("upscale", image=thin, width=900, height=900) == {None: "result_too_large"}
    fits = door.taken("upscale", image=large, width=300, height=200, crop=False)
    assert (fits.width, fits.height) == (300, 200)


def test_seeds_are_drawn_for_the_tiles_too(door: Door) -> None:
    request = door.taken("upscale", image=door.put(9, 9), diffusion={"strength": 0.2})
    assert request.diffusion.seed >= 0


def test_an_edit_model_begins_from_noise() -> None:
    model = CATALOG.get(None)
    edit = model.model_copy(update={"variant": "edit"})
    assert suits(Img2Img, None, edit, Settings())["strength"] == 1.0
    assert "strength" not in suits(Img2Img, None, model, Settings())
    assert "strength" not in suits(Inpaint, None, edit, Settings())
