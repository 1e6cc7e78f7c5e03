import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.recipes.pictures import Album, changed, draw, noisy, rectangle, small_stub
from webui.core.errors import UserError
from webui.core.requests import Inpaint, Txt2Img
from webui.imaging.masks import blurred

BOX = (40, 30, 90, 70)


@pytest.fixture
def album():
    return Album()


@pytest.mark.parametrize("area", ["whole", "masked"])
@pytest.mark.parametrize("content", ["original", "fill", "latent_noise", "latent_nothing"])
@pytest.mark.parametrize("soft", [None, {}])
def test_outside_the_mask_not_one_pixel_changes(album, area, content, soft):
    image, mask = noisy(150, 101, "RGBA"), rectangle(150, 101, *BOX)
    fields = {"image": album.add(image), "mask": album.add(mask), "mask_blur": 3, "strength": 1}
    (one,) = draw(Inpaint, album, area=area, content=content, soft=soft, **fields)
    moved = changed(image, one.image)
    assert not moved[np.asarray(blurred(mask, 3, 3)) == 0].any()
    inside = moved[BOX[1] + 4 : BOX[3] - 4, BOX[0] + 4 : BOX[2] - 4]
    assert inside.mean() > (0.9 if soft is None else 0.5)


def test_all_of_a_picture_can_be_masked(album):
    image = noisy(70, 50)
    fields = {"image": album.add(image), "mask": album.add(Image.new("L", (70, 50), 255))}
    (one,) = draw(Inpaint, album, strength=1, **fields)
    assert changed(image, one.image).mean() > 0.95


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2000, 3)])
def test_a_picture_of_any_size_is_inpainted(album, size):
    image = noisy(*size)
    fields = {"image": album.add(image), "mask": album.add(Image.new("L", size, 255))}
    (one,) = draw(Inpaint, album, area="masked", strength=1, mask_blur=0, **fields)
    assert one.image.size == size


def test_what_is_drawn_of_a_huge_picture_stays_near_the_models_size(album):
    model, image = small_stub(), Image.new("RGB", (5000, 3000), "gray")
    fields = {"image": album.add(image), "mask": album.add(rectangle(5000, 3000, 9, 9, 4000, 2000))}
    (one,) = draw(Inpaint, album, model, area="masked", **fields)
    assert one.image.size == (5000, 3000)
    width, height = map(int, str(one.parameters.values["Size"]).split("x"))
    assert width * height <= 1.5 * 64 * 64


def test_without_a_mask_what_is_clear_is_drawn(album):
    image = noisy(64, 64, "RGB").convert("RGBA")
    image.paste((0, 0, 0, 0), (16, 16, 48, 48))
    (one,) = draw(Inpaint, album, image=album.add(image), mask_blur=0, strength=1)
    assert one.image.getchannel("A").getextrema() == (255, 255)
    moved = changed(image, one.image)
    assert moved[16:48, 16:48].all()
    moved[16:48, 16:48] = False
    assert not moved.any()


def test_nothing_masked_is_said_in_one_sentence(album):
    for mask in (album.add(Image.new("L", (64, 64))), None):
        with pytest.raises(UserError, match="Nothing is masked"):
            draw(Inpaint, album, image=album.add(noisy(64, 64)), mask=mask)


def test_a_mask_of_another_size_is_scaled(album):
    image = noisy(64, 64)
    fields = {"image": album.add(image), "mask_blur": 0, "strength": 1}
    drawn = [
        draw(Inpaint, album, mask=album.add(mask), **fields)[0].image.tobytes()
        for mask in (rectangle(64, 64, 0, 0, 32, 64), rectangle(128, 128, 0, 0, 64, 128))
    ]
    moved = changed(image, Image.frombytes("RGB", (64, 64), drawn[1]))
    assert not moved[:, 34:].any()
    assert moved[:, :30].mean() > 0.9


def test_pictures_of_a_batch_are_those_made_alone(album):
    fields = {"image": album.add(noisy(64, 64)), "mask": album.add(rectangle(64, 64, 8, 8, 60, 60))}
    for more in ({"content": "latent_noise"}, {"soft": {}}):
        together = draw(Inpaint, album, batch_size=2, **more, **fields)
        alone = [draw(Inpaint, album, **more, **fields, seed=seed)[0] for seed in (7, 8)]
        assert [one.image.tobytes() for one in together] == [one.image.tobytes() for one in alone]
        assert together[0].image.tobytes() != together[1].image.tobytes()


def test_the_lighter_a_soft_mask_the_more_changes(album):
    levels = np.repeat(np.repeat(np.linspace(0, 255, 8).astype(np.uint8), 8)[None], 64, axis=0)
    image = Image.new("RGB", (64, 64), "gray")
    fields = {"image": album.add(image), "mask": album.add(Image.fromarray(levels))}
    more = {"mask_blur": 0, "strength": 1, "sampler": "Euler", "steps": 8, "cfg_scale": 1}
    soft = {"schedule_bias": 0, "preservation_strength": 2, "difference_threshold": 0.01}
    (one,) = draw(Inpaint, album, soft=soft, **fields, **more)
    change = np.abs(np.asarray(one.image, float) - np.asarray(image, float)).mean((0, 2))
    columns = change.reshape(8, 8).mean(1)
    assert columns[0] == 0
    assert columns[1] < columns[4] < columns[7]


class Shown:
    """The stub as a model that is shown a picture; remembers what."""

    def __init__(self, conditioning):
        self.model = small_stub()
        self.model.image_conditioning = conditioning
        self.concats = []
        predict = self.model.predict_x0
        self.model.predict_x0 = lambda x, sigma, words, residuals=None, concat=None: (
            self.concats.append(concat) or predict(x, sigma, words)
        )


@pytest.mark.parametrize(("weight", "gray"), [(1.0, 1.0), (0.25, 0.25)])
def test_an_inpainting_model_is_shown_the_mask_and_what_is_around_it(album, weight, gray):
    shown, image = Shown("inpaint"), Image.new("RGB", (64, 64), "white")
    fields = {"image": album.add(image), "mask": album.add(rectangle(64, 64, 16, 16, 48, 48))}
    (one,) = draw(Inpaint, album, shown.model, mask_blur=0, mask_weight=weight, **fields)
    concat = shown.concats[0]
    assert concat.shape[1:] == (5, 8, 8)
    mask = torch.zeros(8, 8)
    mask[2:6, 2:6] = 1
    assert torch.equal(concat[0, 0], mask)
    assert concat[0, 1:, 0, 0].tolist() == pytest.approx([1, 1, 1, 1])
    assert concat[0, 1:, 3, 3].tolist() == pytest.approx([1 - gray] * 4)
    assert one.parameters.values["Conditional mask weight"] == weight


def test_in_text_to_image_such_a_model_is_shown_nothing(album):
    shown = Shown("inpaint")
    hires = {"upscaler": "Lanczos", "scale": 1.5}
    draw(Txt2Img, album, shown.model, width=64, height=64, hires=hires)
    assert set(shown.concats) == {None}
