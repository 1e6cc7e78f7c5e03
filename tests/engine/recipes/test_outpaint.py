import numpy as np
import pytest
from PIL import Image

from tests.engine.recipes.pictures import Album, changed, draw, noisy, small_stub
from webui.core.requests import Outpaint
from webui.engine.recipes.outpaint import parts_of, scales


@pytest.fixture
def album():
    return Album()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    "borders",
    [{"right": 16}, {"left": 24, "up": 8}, {"left": 70, "right": 90, "up": 40, "down": 130}],
)
def test_the_picture_stays_but_for_the_seam(album, mode, borders):
    image = noisy(61, 50, mode)
    fields = {"image": album.add(image), "mask_blur": 6, **borders}
    (one,) = draw(Outpaint, album, **fields)
    left, up = borders.get("left", 0), borders.get("up", 0)
    right, down = borders.get("right", 0), borders.get("down", 0)
    assert one.image.size == (61 + left + right, 50 + up + down)
    kept = one.image.crop((left, up, left + 61, up + 50))
    moved = changed(image, kept)
    inner = slice(6 * bool(up), 50 - 6 * bool(down)), slice(6 * bool(left), 61 - 6 * bool(right))
    assert not moved[inner].any()
    if right:
        assert moved[20:30, -2:].any(), "the seam is blended"


def test_every_new_pixel_is_drawn(album):
    """The stub draws a waving pattern of its own, nothing like what is put there at first."""
    image = noisy(64, 64)
    fields = {"image": album.add(image), "left": 64, "down": 64, "steps": 8, "cfg_scale": 1}
    first, second = (np.asarray(draw(Outpaint, album, **fields, prompt=p)[0].image) for p in "a2")
    new = (first != second).any(-1)
    new[0:64, 64:128] = True
    # near the picture its own continuation counts for more than the words
    assert new[:, :40].mean() > 0.95
    assert new[80:, :].mean() > 0.9


def test_pictures_of_a_batch_are_those_made_alone(album):
    fields = {"image": album.add(noisy(64, 64)), "right": 80}
    together = draw(Outpaint, album, batch_size=2, **fields)
    alone = [draw(Outpaint, album, **fields, seed=seed)[0] for seed in (7, 8)]
    assert [one.image.tobytes() for one in together] == [one.image.tobytes() for one in alone]
    assert [one.parameters for one in together] == [one.parameters for one in alone]


def test_an_inpainting_model_is_told_all_that_is_new(album):
    model, seen = small_stub(), []
    model.image_conditioning = "inpaint"
    predict = model.predict_x0

    def predict_x0(x, sigma, embeddings, residuals=None, concat=None):
        seen.append(concat[0, 0])
        return predict(x, sigma, embeddings)

    model.predict_x0 = predict_x0
    draw(Outpaint, album, model, image=album.add(noisy(64, 64)), right=64, steps=2)
    for row, share in ((seen[0][4].tolist(), 1 / 2), (seen[-1][4].tolist(), 2 / 3)):
        assert row == sorted(row)
        assert sum(row) / len(row) == pytest.approx(share, abs=0.1)


def test_a_picture_of_one_pixel_is_extended(album):
    (one,) = draw(Outpaint, album, image=album.add(noisy(1, 1)), right=40, down=10)
    assert one.image.size == (41, 11)
    assert one.image.getpixel((0, 0)) == noisy(1, 1).getpixel((0, 0))


def test_a_canvas_that_is_too_large_is_drawn_small_first():
    assert scales((64, 64), (0, 0, 32, 0), (64, 64)) == [1]
    assert scales((64, 64), (0, 0, 64, 0), (64, 64)) == [2, 1]
    assert scales((640, 640), (0, 0, 64, 0), (64, 64)) == [16, 8, 4, 2, 1]


def test_what_is_drawn_larger_keeps_the_broad_colours(album):
    """A part, left to itself, may have another brightness than the whole."""

    def drawn(brighter: float) -> np.ndarray:
        model = small_stub()
        predict = model.predict_x0

        def predict_x0(x, sigma, embeddings, residuals=None, concat=None):
            of_a_part = x.shape[3] <= 8
            return predict(x, sigma, embeddings) + brighter * of_a_part

        model.predict_x0 = predict_x0
        gray = Image.new("RGB", (64, 64), "gray")
        fields = {"image": album.add(gray), "right": 128, "cfg_scale": 1, "steps": 6}
        (one,) = draw(Outpaint, album, model, **fields)
        return np.asarray(one.image.crop((96, 0, 192, 64)), float)

    assert abs(drawn(0.3).mean() - drawn(0).mean()) < 8, "left alone it would be some 70 levels"


def test_what_fits_the_model_is_one_part():
    assert list(parts_of((64, 64), (0, 0, 32, 0), (64, 64))) == [(0, 0, 96, 64)]


@pytest.mark.parametrize("borders", [(100, 0, 0, 0), (0, 30, 0, 90), (70, 80, 33, 129)])
def test_parts_cover_the_new_area_and_the_nearest_come_first(borders):
    left, top, right, bottom = borders
    width, height = 100 + left + right, 90 + top + bottom
    there = np.zeros((height, width), bool)
    there[top : top + 90, left : left + 100] = True
    for box in parts_of((100, 90), borders, (64, 64)):
        near = there[max(box[1] - 1, 0) : box[3] + 1, max(box[0] - 1, 0) : box[2] + 1]
        assert near.any(), "it stands next to something"
        part = there[box[1] : box[3], box[0] : box[2]]
        assert part.size <= 32 * 64
        assert not part.any()
        part[:] = True
    assert there.all()
