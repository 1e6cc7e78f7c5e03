import numpy as np
import pytest

from tests.motion.goldens import difference, numbers
from tests.motion.test_flow import smooth
from webui.core.errors import UserError
from webui.motion.hybrid import (
    CompositeMask,
    composite_mask,
    composited,
    deforum_composited,
    motion_matrix,
    moved_by_matrix,
)

KINDS = ("Affine", "Perspective")


def test_matrices_move_pictures_like_deforums():
    arrays, _ = numbers("hybrid_flow")
    for kind in KINDS:
        matrix = arrays[f"ransac_T_{kind}"]
        matrix = matrix if len(matrix) == 3 else np.vstack([matrix, [0, 0, 1]])
        apart = difference(moved_by_matrix(arrays["image"], matrix), arrays[f"ransac_out_{kind}"])
        assert apart.max() <= 1 and apart.mean() <= 0.1, kind


def test_the_motion_of_a_clip_is_found_like_deforums():
    """Where it takes the corners to; RANSAC's own choice differs between OpenCV's versions."""
    arrays, _ = numbers("hybrid_flow")
    first, second = (arrays[name][..., ::-1] for name in ("image", "image_shifted"))
    corners = np.array([[0, 63, 0, 63], [0, 0, 47, 47], [1, 1, 1, 1.0]])
    for kind in KINDS:
        made = motion_matrix(first, second, kind) @ corners
        wanted = arrays[f"ransac_{kind}"] @ corners
        if len(wanted) == 2:
            wanted = np.vstack([wanted, np.ones(4)])
        assert np.abs(made / made[2] - wanted / wanted[2]).max() < 0.7, kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_corners_does_not_move(kind):
    for size in ((1, 1), (3, 200), (64, 64)):
        flat = np.full((*size, 3), 90, np.uint8)
        assert np.array_equal(motion_matrix(flat, flat, kind), np.eye(3))
    noise = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    matrix = motion_matrix(noise[0], noise[1], kind)
    assert matrix.shape == (3, 3) and np.isfinite(matrix).all()


def test_no_motion_leaves_the_picture():
    picture = smooth(20, 30)
    assert np.array_equal(moved_by_matrix(picture, np.eye(3)), picture)
    shift = np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1.0]])
    assert np.array_equal(moved_by_matrix(picture, shift)[:, 3:], picture[:, :-3])


def mask_options(case) -> CompositeMask:
    return CompositeMask(
        case["mask_type"],
        case["inverse"],
        case["equalize"],
        case["mask_contrast"],
        case["auto_contrast"],
        case["mask_auto_contrast_cutoff_low"],
        case["mask_auto_contrast_cutoff_high"],
        case["mask_blend_alpha"],
    )


def test_composites_are_deforums():
    arrays, meta = numbers("hybrid_flow")
    previous, clip = np.ascontiguousarray(arrays["comp_prev"][..., ::-1]), arrays["comp_video_rgb"]
    cases = [case for case in meta["cases"] if case["kind"] == "hybrid_composite"]
    for case in cases:
        mask = composite_mask(previous, clip, mask_options(case))
        made = deforum_composited(previous, clip, mask, case["alpha"])[..., ::-1]
        assert not difference(made, arrays[f"comp_out_{case['key'][5:]}"]).any(), case["key"]
        ours = composited(previous.astype(np.float32), clip.astype(np.float32), mask, case["alpha"])
        assert np.abs(ours[..., ::-1] - made).max() <= 1.5
    assert len(cases) == 10


def test_ours_leaves_the_picture_where_nothing_is_mixed():
    previous, clip = smooth(9, 8), smooth(9, 8, 3)
    assert np.array_equal(composited(previous, clip, None, 0), previous)
    white = composite_mask(*[smooth(9, 8).astype(np.uint8)] * 2, CompositeMask("Difference", True))
    assert white is not None and white.getextrema() == (255, 255)
    assert np.array_equal(composited(previous, clip, white, 1), previous)
    np.testing.assert_allclose(composited(previous, clip, None, 1), clip, atol=1e-4)


def test_a_mask_of_depth_is_the_depth():
    levels, depth = np.zeros((4, 5, 3), np.uint8), np.arange(20, dtype=np.uint8).reshape(4, 5)
    for kind in ("Depth", "Video Depth"):
        mask = composite_mask(levels, levels, CompositeMask(kind), depth)
        assert mask is not None and np.array_equal(np.asarray(mask), depth)
        with pytest.raises(UserError, match="hybrid_comp_mask_type"):
            composite_mask(levels, levels, CompositeMask(kind))


def test_a_flat_mask_cannot_be_stretched():
    flat = np.full((4, 4, 3), 70, np.uint8)
    how = CompositeMask("Blend", auto_contrast=True)
    mask = composite_mask(flat, flat, how)
    assert mask is not None and mask.getextrema() == (70, 70)


@pytest.mark.parametrize(
    ("name", "value", "parameter"),
    [
        ("contrast", float("nan"), "hybrid_comp_mask_contrast_schedule"),
        ("blend_alpha", float("inf"), "hybrid_comp_mask_blend_alpha_schedule"),
        ("cutoff_low", -1, "hybrid_comp_mask_auto_contrast_cutoff_low_schedule"),
        ("cutoff_high", 101, "hybrid_comp_mask_auto_contrast_cutoff_high_schedule"),
    ],
)
def test_what_is_out_of_range_is_refused_by_its_name(name, value, parameter):
    with pytest.raises(UserError, match=parameter):
        CompositeMask(**{name: value})
