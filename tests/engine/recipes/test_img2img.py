import math

import numpy as np
import pytest
from PIL import Image

from tests.engine.recipes.pictures import Album, draw, noisy, small_stub
from webui.core.participants import Participant
from webui.core.requests import Img2Img, Inpaint
from webui.engine.latents import to_pixels

SIZE = {"width": 64, "height": 72}


@pytest.fixture
def album():
    return Album()


def strengths(drawn):
    return [one.parameters.values["Denoising strength"] for one in drawn]


def test_strength_decides_how_many_steps_are_made(album):
    calls = []
    for strength, exact in ((0.0, False), (0.5, False), (1.0, False), (0.5, True), (0.0, True)):
        model = small_stub()
        fields = {"strength": strength, "exact_steps": exact, "steps": 8, "sampler": "Euler"}
        draw(Img2Img, album, model, image=album.add(noisy(64, 72)), **fields, **SIZE)
        calls.append(len(model.calls))
    assert calls == [1, 5, 8, 8, 0]


def test_a_strength_of_0_in_exact_steps_leaves_the_picture_to_the_autoencoder(album):
    image, model = noisy(64, 72), small_stub()
    fields = {"image": album.add(image), "strength": 0, "exact_steps": True}
    (one,) = draw(Img2Img, album, model, **fields, **SIZE)
    wanted = model.decode(model.encode(to_pixels([image])))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(np.asarray(one.image) - wanted).max() <= 0.51


@pytest.mark.parametrize("mode", ["just_resize", "crop", "fill", "latent"])
@pytest.mark.parametrize("size", [(1, 1), (3, 700), (129, 31)])
def test_any_picture_in_any_way(album, mode, size):
    image = album.add(noisy(*size, "RGBA"))
    (one,) = draw(Img2Img, album, image=image, resize_mode=mode, **SIZE)
    assert (one.image.size, one.image.mode) == ((64, 72), "RGB")


def test_an_upscaler_enlarges_what_is_too_small(album):
    asked = []

    def upscale(name, image, width, height):
        asked.append((name, image.size, width, height))
        return image.resize((width, height))

    tools = {"upscale": upscale}
    image = album.add(noisy(16, 18))
    draw(Img2Img, album, tools=tools, image=image, upscaler="ESRGAN", **SIZE)
    assert asked == [("ESRGAN", (16, 18), 64, 72)]


def test_pictures_of_a_batch_are_those_made_alone(album):
    fields = {"image": album.add(noisy(64, 72)), **SIZE}
    together = draw(Img2Img, album, batch_size=3, **fields)
    alone = [draw(Img2Img, album, **fields, seed=seed)[0] for seed in (7, 8, 9)]
    assert [one.image.tobytes() for one in together] == [one.image.tobytes() for one in alone]
    assert len({one.image.tobytes() for one in together}) == 3


@pytest.mark.parametrize(
    ("curve", "middle"),
    [("linear", 0.5), ("aggressive", math.sin(math.pi / 4)), ("lazy", 1 - math.cos(math.pi / 4))],
)
def test_loops_follow_the_curve(album, curve, middle):
    loopback = {"loops": 3, "final_strength": 0.2, "curve": curve}
    fields = {"image": album.add(noisy(64, 72)), "strength": 0.8, "loopback": loopback, **SIZE}
    drawn = draw(Img2Img, album, **fields)
    assert strengths(drawn) == pytest.approx([0.8, 0.8 - 0.6 * middle, 0.2])
    assert [(one.index, one.seed) for one in drawn] == [(0, 7), (1, 8), (2, 9)]
    said = drawn[1].parameters.values
    assert (said["Final denoising strength"], said["Denoising curve"]) == (0.2, curve.capitalize())


def test_each_loop_begins_with_the_finished_picture_of_the_last(album):
    class Negative(Participant):
        def image(self, image):
            return image.point([255 - level for level in range(256)] * 3)

    start, tools = noisy(64, 72), {"participants": [Negative()]}
    fields = {"image": album.add(start), "strength": 0.6, **SIZE}
    loopback = {"loops": 2, "final_strength": 0.4}
    loops = draw(Img2Img, album, tools=tools, loopback=loopback, **fields)
    first = draw(Img2Img, album, tools=tools, **fields)[0]
    following = {**fields, "image": album.add(first.image), "strength": 0.4, "seed": 8}
    second = draw(Img2Img, album, tools=tools, **following)[0]
    assert [one.image.tobytes() for one in loops] == [
        first.image.tobytes(),
        second.image.tobytes(),
    ]


def test_loops_keep_the_colours_of_the_first_picture(album):
    start = noisy(64, 72).point([level // 3 for level in range(256)] * 3)
    fields = {"image": album.add(start), "strength": 0.9, **SIZE}
    loopback = {"loops": 3, "final_strength": 0.9}
    free = draw(Img2Img, album, loopback=loopback, **fields)[-1].image
    held = draw(Img2Img, album, loopback=loopback, color_correction=True, **fields)[-1].image
    assert _chroma(free, start) > 2 * _chroma(held, start)


def _chroma(one, other) -> float:
    a, b = (np.asarray(image.convert("YCbCr"), float)[..., 1:] for image in (one, other))
    return float(np.abs(np.sort(a, axis=None) - np.sort(b, axis=None)).mean())


def test_an_edit_model_is_shown_the_picture(album):
    model = small_stub()
    model.image_conditioning = "edit"
    seen = []
    predict = model.predict_x0

    def predict_x0(x, sigma, embeddings, residuals=None, concat=None):
        seen.append(concat)
        return predict(x, sigma, embeddings, residuals)

    model.predict_x0 = predict_x0
    image = noisy(64, 72)
    fields = {"image": album.add(image), "sampler": "Euler", "image_cfg_scale": 1.3, **SIZE}
    (one,) = draw(Img2Img, album, model, **fields)
    shown = model.encode(to_pixels([image]))[0]
    prompt, negative, blind = seen[0]
    assert (prompt == shown).all() and (negative == shown).all()
    assert not blind.any()
    assert one.parameters.values["Image CFG scale"] == 1.3


def test_an_edit_model_that_was_taught_the_guidance_has_no_scale_for_the_picture(album):
    model = small_stub()
    model.image_conditioning = "edit"
    card = model.info.card.model_copy(update={"distilled": True})
    model.info = model.info.model_copy(update={"card": card})
    fields = {"image": album.add(noisy(64, 72)), "sampler": "Euler", **SIZE}
    (one,) = draw(Img2Img, album, model, **fields)
    assert "Image CFG scale" not in one.parameters.values


@pytest.mark.parametrize(("kind", "seen"), [(Img2Img, True), (Inpaint, False)])
def test_a_model_that_takes_references_sees_a_picture_without_a_mask(album, kind, seen):
    model, shown, looked = small_stub(), [], []
    model.image_conditioning = "reference"
    model.look = looked.append
    predict = model.predict_x0

    def predict_x0(x, sigma, embeddings, residuals=None, concat=None):
        shown.append(concat)
        return predict(x, sigma, embeddings, residuals)

    model.predict_x0 = predict_x0
    image = noisy(64, 72)
    fields = {"image": album.add(image), "sampler": "Euler", **SIZE}
    if kind is Inpaint:
        fields["mask"] = album.add(Image.new("L", image.size, 255))
    (one,) = draw(kind, album, model, **fields)
    assert "Image CFG scale" not in one.parameters.values
    assert {tuple(one.tobytes() for one in each) for each in looked} == {
        (image.tobytes(),) if seen else ()
    }
    latents = model.encode(to_pixels([image]))[0]
    assert [None if one is None else bool((one == latents).all()) for one in shown] == [
        True if seen else None
    ] * len(shown)
    assert all(one is None or len(one) == 2 for one in shown)  # the prompt and the negative one
