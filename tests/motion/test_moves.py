import numpy as np
import pytest

from webui.core.errors import UserError
from webui.motion.camera import Flip, Move2D, Move3D
from webui.motion.depth import distances
from webui.motion.moves import Motion, immovable, motion_of, moved, native_moved
from webui.motion.warp import Lookup, deforum_warp_3d, warp_2d, warp_3d
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

PICTURE = np.random.default_rng(1).uniform(0, 255, (24, 32, 3)).astype(np.float32)
DEPTH = np.random.default_rng(2).uniform(3, 9, (24, 32))


def motion(frame: int = 1, **values) -> Motion:
    defaults = {"compat": "native", "prompts": {"0": "a cat"}, "max_frames": 3, "zoom": "0:(1)"}
    plan = plan_of(settings_of({**defaults, **values}))
    assert plan.ok, plan.errors
    return motion_of(plan, frame)


def test_a_plan_s_values_become_a_move_in_the_plane():
    made = motion(
        angle="t", zoom="1+t", translation_x="-t", transform_center_y="0.25", border="wrap"
    )
    assert made.move == Move2D(1, 2, -1, 0, 0.5, 0.25)
    assert made.lookup == Lookup("wrap", "border", "bicubic") and made.native
    assert isinstance(made.move, Move2D)
    flipped = motion(enable_perspective_flip=True, perspective_flip_phi="10*t", frame=2).move
    assert flipped.flip == Flip(perspective_flip_phi=20)


def test_a_plan_s_values_become_a_move_in_space():
    made = motion(
        animation_mode="3D",
        translation_z="t",
        rotation_3d_y="2*t",
        fov_schedule="40",
        aspect_ratio_schedule="1.5",
        padding_mode="zeros",
        sampling_mode="nearest",
    )
    assert made.move == Move3D(0, 0, 1, 0, 2, 0, 40, 1.5)
    assert made.lookup == Lookup("replicate", "zeros", "nearest")
    assert isinstance(made.move, Move3D) and not made.metric and not made.old
    assert motion(animation_mode="3D", depth_algorithm="Zoe").metric
    old = motion(animation_mode="3D", depth_algorithm="Zoe+AdaBins (old)")
    assert old.old and not old.by_depth_picture().old
    assert not motion(animation_mode="3D", depth_algorithm="Zoe").by_depth_picture().metric


@pytest.mark.parametrize("mode", ["Video Input", "Interpolation"])
def test_a_mode_without_motion_says_so(mode):
    with pytest.raises(UserError) as error:
        motion(animation_mode=mode)
    assert error.value.problem.field == "animation_mode"


@pytest.mark.parametrize("value", ["0:(0-1)", "0:(1/(t-1))"])
def test_deforums_way_with_an_impossible_value_names_it(value):
    """Its plan only warns, as Deforum does."""
    with pytest.raises(UserError) as error:
        motion(compat="deforum-3", zoom=value)
    assert error.value.problem.field == "zoom"


def test_pictures_are_moved_as_the_settings_say():
    flat = motion(angle="5")
    assert np.array_equal(moved(PICTURE, flat), warp_2d(PICTURE, flat.move, flat.lookup))
    deep = motion(animation_mode="3D", translation_z="9")
    wanted = warp_3d(PICTURE, deep.move, distances(DEPTH), deep.lookup)
    assert np.array_equal(moved(PICTURE, deep, DEPTH), wanted)
    assert not np.array_equal(moved(PICTURE, deep), wanted)
    metric = motion(animation_mode="3D", translation_z="9", depth_algorithm="Zoe")
    assert np.array_equal(moved(PICTURE, metric, -DEPTH), moved(PICTURE, deep, DEPTH)) is False
    halved = DEPTH[::2, ::2]
    assert moved(PICTURE, deep, halved).shape == PICTURE.shape


def test_deforums_way_keeps_whole_levels_whole():
    values = {"compat": "deforum-3", "animation_mode": "3D", "translation_z": "0:(9)"}
    levels = np.rint(PICTURE).astype(np.uint8)
    move = motion(**values).move
    made = moved(levels, motion(**values), DEPTH)
    assert np.array_equal(made, deforum_warp_3d(levels, move, distances(DEPTH)))
    fractions = moved(levels.astype(np.float32), motion(**values), DEPTH)
    assert fractions.dtype == np.float32 and np.array_equal(np.trunc(fractions), made)
    old = motion(**values, depth_algorithm="Midas+AdaBins (old)")
    assert np.array_equal(moved(levels, old, DEPTH), deforum_warp_3d(levels, move, DEPTH, old=True))
    wide = motion(**values, aspect_ratio_use_old_formula=True)
    assert not np.array_equal(moved(levels, wide, DEPTH), made)
    turned = motion(compat="deforum-3", angle="0:(3)")
    flat = moved(levels.astype(np.float32), turned)
    assert np.array_equal(np.rint(flat), moved(levels, turned))


@pytest.mark.parametrize(
    "values",
    [
        {"angle": "3", "zoom": "1.04", "translation_x": "2.5"},
        {"enable_perspective_flip": True, "perspective_flip_phi": "5"},
        {"animation_mode": "3D", "translation_z": "5", "rotation_3d_z": "2"},
        {
            "animation_mode": "3D",
            "translation_z": "0",
            "enable_perspective_flip": True,
            "perspective_flip_phi": "4",
        },
    ],
)
def test_a_motion_is_undone(values):
    y, x = np.mgrid[:64, :96]
    picture = np.stack([128 + 60 * np.sin(x / 12), 128 + 60 * np.cos(y / 10), x + y], -1)
    picture, how = picture.astype(np.float32), motion(**values)
    there = native_moved(picture, how)
    back = native_moved(there, how, back=True)
    inside = (slice(12, -12), slice(12, -12))
    left, done = (np.abs(one - picture)[inside].mean() for one in (back, there))
    assert left < 0.4 and left < done / 4


def test_whole_levels_are_rounded_once_in_our_way():
    levels, how = np.rint(PICTURE).astype(np.uint8), motion(angle="5")
    made = moved(levels, how)
    assert made.dtype == np.uint8
    assert np.abs(made - np.clip(moved(levels.astype(np.float32), how), 0, 255)).max() <= 0.5


def test_a_small_preview_is_the_render_made_small():
    y, x = np.mgrid[:64, :96]
    large = np.stack([128 + 60 * np.sin(x / 12), 128 + 60 * np.cos(y / 10), x + y], -1)
    large = large.astype(np.float32)
    turned = motion(animation_mode="3D", rotation_3d_y="3")
    for whole in (motion(translation_x="8", angle="4"), turned):
        small = moved(halved(large), whole.scaled(0.5))
        apart = np.abs(small - halved(moved(large, whole)))[6:-6, 6:-6]
        assert apart.mean() < 2.5


def halved(picture: np.ndarray) -> np.ndarray:
    height, width, channels = picture.shape
    return picture.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3), dtype=np.float32)


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({}, None),
        ({"zoom": "0:(1), 3:(-1)"}, "zoom"),
        ({"zoom": "0:(0), 1:(1)"}, None),  # the first frame is not moved
        ({"zoom": "0:(-1)", "animation_mode": "3D"}, None),  # which has no zoom
        ({"fov_schedule": "0:(0)"}, None),
        ({"fov_schedule": "0:(0)", "animation_mode": "3D"}, "fov_schedule"),
        ({"angle": "0:(1/(t-2))"}, "angle"),
        ({"zoom": "0:(-1)", "animation_mode": "Interpolation"}, None),
    ],
)
def test_a_plan_whose_frames_cannot_be_moved_is_known_before_any_is_drawn(values, parameter):
    given = {"prompts": {"0": "x"}, "max_frames": 5, "diffusion_cadence": 1, **values}
    plan = plan_of(settings_of(given))
    assert plan.ok, "Deforum plans it all the same"
    found = immovable(plan)
    assert (found and found.problem.field) == parameter
