import numpy as np
import pytest

from tests.motion.goldens import difference, numbers
from webui.motion.color import deforum_matched, matched, space_of

SPACES = ("RGB", "HSV", "LAB")


def test_colours_are_matched_like_deforums():
    arrays, meta = numbers("color_match")
    for pair in meta["pairs"]:
        image, reference = arrays[f"{pair}_image"], arrays[f"{pair}_reference"]
        for space in SPACES:
            made = deforum_matched(image, reference, space)
            assert not difference(made, arrays[f"{pair}_out_{space}"]).any(), (pair, space)
    assert len(meta["pairs"]) == 4


def test_the_order_of_channels_matters_for_deforums_lab():
    arrays, _ = numbers("color_match")
    image, reference = arrays["p0_image"], arrays["p0_reference"]
    swapped = deforum_matched(image[..., ::-1], reference[..., ::-1], "LAB")[..., ::-1]
    assert not np.array_equal(swapped, deforum_matched(image, reference, "LAB"))
    rgb = deforum_matched(image[..., ::-1], reference[..., ::-1], "RGB")[..., ::-1]
    assert np.array_equal(rgb, deforum_matched(image, reference, "RGB"))


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("size", [(1, 1), (13, 21)])
def test_a_picture_of_the_right_colours_stays_over_100_frames(space, size):
    first = np.random.default_rng(1).uniform(0, 255, (*size, 3)).astype(np.float32)
    picture = first
    for _ in range(100):
        picture = matched(picture, first, space)
    assert np.array_equal(picture, first)


@pytest.mark.parametrize("space", SPACES)
def test_ours_gives_the_reference_s_colours(space):
    arrays, _ = numbers("color_match")
    image = arrays["p0_image"].astype(np.float32)
    reference = arrays["p0_reference"].astype(np.float32)
    made = matched(image, reference, space)
    before, after = (np.abs(one.mean((0, 1)) - reference.mean((0, 1))) for one in (image, made))
    assert after.max() < max(6, before.max() / 2)
    close = np.abs(made - deforum_matched(arrays["p0_image"], arrays["p0_reference"], space))
    assert close.mean() < 4


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_pictures_take_the_reference_s_colour(space, level):
    flat = np.full((4, 5, 3), level, np.float32)
    wanted = np.broadcast_to(np.array([200, 100, 50], np.float32), (3, 2, 3))
    made = matched(flat, wanted, space)
    assert made.shape == flat.shape
    np.testing.assert_allclose(made, np.broadcast_to(wanted[0, 0], flat.shape), atol=0.6)


def test_ranks_are_kept():
    ramp = np.linspace(0, 255, 300, dtype=np.float32).reshape(10, 30)[..., None].repeat(3, -1)
    wanted = np.random.default_rng(1).normal(90, 20, (9, 9, 3)).astype(np.float32)
    made = matched(ramp, wanted, "RGB")
    assert (np.diff(made[..., 0].ravel()) >= 0).all()
    assert made.min() >= wanted.min() and made.max() <= wanted.max()


def test_clips_and_images_are_matched_in_lab():
    assert [space_of(name) for name in ("None", "HSV", "Video Input", "Image", "RGB")] == [
        None,
        "HSV",
        "LAB",
        "LAB",
        "RGB",
    ]
