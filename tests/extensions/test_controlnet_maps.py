"""The maps that need no network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.extensions.control import loaded, module, picture


def made(name: str, image: Image.Image, **options: object) -> np.ndarray:
    (one,) = [one for one in loaded().preprocessors() if one.name == name]
    return np.asarray(one.function(image, one.options(**options) if one.options else None))


def half() -> Image.Image:
    """Black on the left, white on the right."""
    return Image.fromarray(np.repeat([[0] * 32 + [255] * 32], 48, axis=0).astype(np.uint8)).convert(
        "RGB"
    )


@pytest.mark.parametrize("name", [one.name for one in loaded().preprocessors() if not one.networks])
def test_each_makes_a_map_of_any_picture_and_the_same_again(name):
    for image in (picture(), Image.new("RGB", (33, 70)), Image.new("RGB", (1, 1), "white")):
        first = made(name, image)
        assert first.dtype == np.uint8 and first.shape[:2] == (image.height, image.width)
        assert np.array_equal(first, made(name, image))


@pytest.mark.parametrize("name", ["canny", "scribble_xdog", "lineart_standard"])
def test_lines_stand_where_light_and_dark_meet(name):
    lines = made(name, half()).astype(int)
    assert lines[:, 20:44].max() == lines.max() > 0
    assert lines[:, :8].max() == 0 and lines[:, -8:].max() == 0


def test_thresholds_of_canny():
    soft = Image.fromarray(np.tile(np.linspace(0, 255, 64).astype(np.uint8) // 40 * 40, (48, 1)))
    strict, lax = (
        made("canny", soft.convert("RGB")),
        made("canny", soft.convert("RGB"), low=1, high=2),
    )
    assert (lax > 0).sum() > (strict > 0).sum()


def test_black_and_white():
    gray = Image.fromarray(np.tile(np.arange(0, 256, 4, np.uint8), (8, 1))).convert("RGB")
    assert made("threshold", gray, threshold=99)[0].tolist() == [0] * 25 + [255] * 39
    assert set(made("threshold", half(), threshold=0).ravel()) == {0, 255}
    assert np.array_equal(made("invert", half()), 255 - np.asarray(half()))


def test_shuffling_keeps_the_colours_and_its_seed_decides():
    image = picture()
    first, other = made("shuffle", image), made("shuffle", image, seed=1)
    assert not np.array_equal(first, other) and not np.array_equal(first, np.asarray(image))
    assert first.min() >= np.asarray(image).min() and first.max() <= np.asarray(image).max()


def test_normals_point_at_the_viewer_where_nothing_changes_and_away_from_light():
    normals = made("normal_gradient", half()).astype(int)
    assert np.abs(normals[24, 4] - [127, 127, 255]).max() <= 1
    assert normals[24, 32, 0] < 100, "the surface rises to the right, so it looks to the left"


def test_a_depth_file_is_stretched_and_turned():
    dim = Image.fromarray(np.tile(np.linspace(50, 100, 64).astype(np.uint8), (4, 1)))
    depth = made("depth_file", dim.convert("RGB"))
    assert (depth.min(), depth.max()) == (0, 255)
    assert np.array_equal(made("depth_file", dim.convert("RGB"), invert=True), 255 - depth)


def test_gamma_and_light():
    gray = Image.new("RGB", (4, 4), (64, 64, 64))
    assert made("recolor_intensity", gray)[0, 0] == 64
    assert made("recolor_intensity", gray, gamma=0.5)[0, 0] == 127
    assert made("recolor_luminance", Image.new("RGB", (4, 4), "white"))[0, 0] == 255


def test_tiles_become_smaller():
    (one,) = [one for one in loaded().preprocessors() if one.name == "tile_resample"]
    assert one.function(picture(), one.options(factor=4)).size == (16, 16)


def test_makers_names_of_adapters():
    names = module("names").adapter_names
    weight = torch.zeros(1)
    full = {
        "conv_in.weight": weight,
        "body.0.block1.weight": weight,
        "body.2.in_conv.weight": weight,
    }
    full |= {"body.3.block2.bias": weight}
    assert set(names(full)) == {
        "adapter.conv_in.weight",
        "adapter.body.0.resnets.0.block1.weight",
        "adapter.body.1.in_conv.weight",
        "adapter.body.1.resnets.1.block2.bias",
    }
    light = {"body.0.in_conv.weight": weight, "body.0.body.1.block1.weight": weight}
    assert set(names(light)) == {
        "adapter.body.0.in_conv.weight",
        "adapter.body.0.resnets.1.block1.weight",
    }
    assert names({"adapter.x": weight}) == {"adapter.x": weight}
