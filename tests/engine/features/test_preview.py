import base64
import io
from dataclasses import replace

import torch
from PIL import Image

from tests.engine.stub import StubModel
from webui.core.offers import Preview
from webui.core.participants import Step
from webui.engine.features.preview import SHOWN, PreviewParticipant, data_uri, rough_picture

RED_GREEN = Preview(matrix=((1, 0, 0), (0, 1, 0)), bias=(0, 0, -1))


def step(index: int, latents: torch.Tensor) -> Step:
    return Step(index=index, total=9, x=latents, sigma=1.0, denoised=latents)


def test_colours_follow_the_matrix():
    latents = torch.zeros(2, 2, 3, 4)
    latents[0, 0], latents[1, 1] = 1.0, -1.0
    picture = rough_picture(latents, RED_GREEN)
    assert picture.size == (8, 3)
    assert picture.getpixel((0, 0)) == (255, 127, 0)
    assert picture.getpixel((7, 2)) == (127, 0, 0)


def test_broken_latents_still_give_a_picture():
    picture = rough_picture(torch.full((1, 2, 2, 2), float("nan")), RED_GREEN)
    assert picture.getpixel((0, 0)) == (127, 127, 127)


def test_data_uri_is_a_bounded_webp():
    head, data = data_uri(Image.new("RGB", (2 * SHOWN, SHOWN), "red")).split(",")
    assert head == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.format, image.size) == ("WEBP", (SHOWN, SHOWN // 2))


def test_shows_every_nth_step_and_not_too_often():
    shown: list[str] = []
    now = [0.0]
    part = PreviewParticipant(shown.append, every=2, least_seconds=1.0, clock=lambda: now[0])
    latents = torch.zeros(1, 2, 2, 2)
    model = StubModel()
    model.latent = replace(model.latent, preview=RED_GREEN)
    part.after(step(0, latents))
    assert not shown, "no model is in work"
    with part.patched(model):
        for index, at, count in [(0, 0.0, 1), (1, 2.0, 1), (2, 2.0, 2), (4, 2.5, 2), (6, 3.1, 3)]:
            now[0] = at
            part.after(step(index, latents))
            assert len(shown) == count
