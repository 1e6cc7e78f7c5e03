"""Canvases for outpainting: the old picture stays, what is new goes on from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tests.imaging.goldens import picture
from webui.imaging.inpainting import InitSettings, finished, prepared
from webui.imaging.outpainting import extended

amounts = st.integers(0, 90)


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    dice = np.random.default_rng(width * 1000 + height)
    return Image.fromarray(dice.integers(0, 256, (height, width, channels)).astype(np.uint8))


@settings(deadline=None, max_examples=80)
@given(
    st.integers(1, 40), st.integers(1, 40), amounts, amounts, amounts, amounts,
    st.integers(0, 64), st.sampled_from([3, 4]),
)  # fmt: skip
def test_the_old_picture_stays_and_only_the_seam_of_it_is_masked(
    width: int, height: int, left: int, right: int, top: int, bottom: int, seam: int, channels: int
) -> None:
    image = noise(width, height, channels)
    canvas, mask = extended(image, left, right, top, bottom, 1, seam)
    assert canvas.mode == image.mode and mask.mode == "L"
    assert canvas.size == mask.size == (left + width + right, top + height + bottom)
    inner = (left, top, left + width, top + height)
    assert canvas.crop(inner).tobytes() == image.tobytes()
    levels = np.array(mask)
    old = levels[top : top + height, left : left + width].copy()
    levels[top : top + height, left : left + width] = 255
    assert (levels == 255).all()
    if channels == 4:
        alpha = np.array(canvas.getchannel("A"))
        alpha[top : top + height, left : left + width] = 255
        assert (alpha == 255).all()
    for levels, before, after in ((old.min(axis=0), left, right), (old.min(axis=1), top, bottom)):
        reach = min(seam, (len(levels) - 1) // 2)
        first = reach if before else 0
        last = len(levels) - (reach if after else 0)
        assert not levels[first:last].any() and first < last


def test_the_seam_fades_into_the_picture() -> None:
    _, mask = extended(noise(40, 5), 0, 8, 0, 0, 1, seam=4)
    assert list(np.asarray(mask)[2, 34:]) == [0, 0, 51, 102, 153, 204] + [255] * 8


def test_what_touches_the_picture_is_its_mirror_image() -> None:
    image = picture("smooth")
    canvas, _ = extended(image, 30, 30, 30, 30, 1)
    levels, old = np.asarray(canvas, int), np.asarray(image, int)
    assert abs(levels[30:110, 29] - old[:, 0]).max() < 12
    assert abs(levels[30:110, 126] - old[:, -1]).max() < 12
    assert abs(levels[29, 30:126] - old[0]).max() < 12
    assert abs(levels[110, 30:126] - old[-1]).max() < 12


def spread(levels: NDArray[np.uint8]) -> float:
    return float(levels.reshape(-1, 3).astype(float).std(axis=0).mean())


def test_far_off_there_is_neither_a_smear_nor_a_copy() -> None:
    image = noise(96, 96).filter(ImageFilter.GaussianBlur(3))
    image = Image.fromarray((np.asarray(image, float) * 4 - 390).clip(0, 255).astype(np.uint8))
    canvas, _ = extended(image, 0, 200, 0, 0, 1)
    new = np.asarray(canvas)[:, 96 + 64 :]
    assert spread(np.diff(new.astype(int), axis=1)) > 1  # a smeared edge is constant along a row
    assert 0.2 < spread(new) / spread(np.asarray(image)) < 1
    mirror = np.asarray(image)[:, ::-1][:, 64:]
    there = np.corrcoef(new[:, :32].ravel(), mirror.ravel())[0, 1]
    assert abs(there) < 0.5


def correlation(levels: NDArray[np.float64], rows: int, columns: int) -> float:
    moved = levels[rows:, columns:]
    still = levels[: len(levels) - rows, : levels.shape[1] - columns]
    return float(np.corrcoef(moved.ravel(), still.ravel())[0, 1])


def test_the_noise_has_the_pictures_grain_and_colours() -> None:
    dice = np.random.default_rng(5)
    stripes = np.repeat(dice.normal(128, 40, (128, 16)), 8, axis=1)  # each row alone, 8 wide
    grey = np.clip(stripes, 0, 255).astype(np.uint8)
    image = Image.fromarray(np.stack([grey, grey, 255 - grey], axis=-1))
    canvas, _ = extended(image, 0, 0, 0, 400, 1)
    far = np.asarray(canvas, float)[300:]
    assert correlation(far[..., 0], 0, 2) > 0.5 > 0.3 > correlation(far[..., 0], 2, 0)
    assert np.corrcoef(far[..., 0].ravel(), far[..., 1].ravel())[0, 1] > 0.95
    assert np.corrcoef(far[..., 0].ravel(), far[..., 2].ravel())[0, 1] < -0.95


def test_the_seed_decides_and_a_large_canvas_is_made_of_few_pixels() -> None:
    image = noise(200, 100)
    first, second, other = (extended(image, 900, 900, 0, 0, seed)[0] for seed in (1, 1, 2**64 - 1))
    assert first.tobytes() == second.tobytes() != other.tobytes()
    assert first.size == (2000, 100)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
def test_the_smallest_pictures_are_continued(size: tuple[int, int]) -> None:
    canvas, mask = extended(Image.new("RGB", size, (200, 10, 60)), 300, 2, 1, 500, 1)
    assert canvas.getextrema() == ((200, 200), (10, 10), (60, 60))
    assert mask.getextrema() == (0, 255)


def test_nothing_to_add_changes_nothing() -> None:
    image = noise(20, 30)
    canvas, mask = extended(image, 0, 0, 0, 0, 1)
    assert canvas.tobytes() == image.tobytes() and mask.getbbox() is None


@settings(deadline=None, max_examples=30)
@given(st.integers(20, 60), st.integers(20, 60), st.integers(1, 80), st.integers(0, 8))
def test_the_old_picture_survives_whatever_is_drawn_around_it(
    width: int, height: int, amount: int, seam: int
) -> None:
    image = noise(width, height)
    canvas, mask = extended(image, amount, 0, 0, amount, 1, seam)
    options = InitSettings(
        128, 128, mask_blur_x=0, mask_blur_y=0, area="masked", keep_size=True, color_correction=True
    )
    ready = prepared(canvas, mask, options)
    result = finished(noise(ready.width, ready.height), ready)
    assert result.size == canvas.size
    inner = (seam, 0, width, height - seam)
    kept = result.crop((amount, 0, amount + width, height)).crop(inner)
    assert kept.tobytes() == image.crop(inner).tobytes()
    corner = np.asarray(result)[-amount:, :amount]
    assert (corner != np.asarray(canvas)[-amount:, :amount]).any()
