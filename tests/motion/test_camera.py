import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.motion.goldens import numbers
from webui.core.errors import UserError
from webui.motion.camera import (
    Flip,
    Move2D,
    Move3D,
    deforum_shift,
    flip_matrix,
    grid_2d,
    grid_3d,
    matrix_2d,
)

SIDES = st.integers(1, 999)
ANGLES = st.floats(-400, 400)


def of(kind: type, values: dict[str, float], **more):
    """A move from those of the values that it has."""
    names = {field.name for field in fields(kind)} - {"flip"}
    return kind(**{name: value for name, value in values.items() if name in names}, **more)


def test_matrices_are_deforums():
    arrays, meta = numbers("warp2d")
    for case in meta["cases"]:
        flip = of(Flip, case["params"]) if case["enable_perspective_flip"] else None
        move = of(Move2D, case["params"], flip=flip)
        made = matrix_2d(move, case["W"], case["H"], native=False)
        wanted = arrays["mat_" + case["key"].rsplit("_", 1)[0]]
        np.testing.assert_allclose(
            made / made[2, 2], wanted / wanted[2, 2], atol=1e-5, err_msg=case["key"]
        )
    assert len(meta["cases"]) == 56


def test_a_move_turns_and_zooms_about_its_centre():
    move = Move2D(angle=90, zoom=2, transform_center_x=0.25, transform_center_y=0.5)
    for native, x, y in ((True, 19.5, 19.5), (False, 20, 20)):
        matrix = matrix_2d(move, 80, 40, native)
        assert matrix @ [x, y, 1] == pytest.approx([x, y, 1])
        # what was right of the centre is above it: counter-clockwise on the screen
        assert matrix @ [x + 10, y, 1] == pytest.approx([x, y - 20, 1])
    assert matrix_2d(Move2D(translation_x=5, translation_y=-7), 80, 40) @ [1, 1, 1] == (
        pytest.approx([6, -6, 1])
    )


@given(SIDES, SIDES)
def test_what_does_not_move_is_told_exactly(width, height):
    assert np.array_equal(matrix_2d(Move2D(), width, height), np.eye(3))
    assert np.array_equal(matrix_2d(Move2D(flip=Flip()), width, height), np.eye(3))
    distance = np.random.default_rng(1).uniform(1, 2, (3, 5))
    assert all(not way.any() for way in deforum_shift(Move3D(), distance, 5, 3))
    assert Move3D(fov=20).is_still and not Move3D(rotation_3d_y=1).is_still


@given(
    SIDES, SIDES, ANGLES, st.floats(0.1, 10), st.floats(-999, 999), st.floats(0, 1), st.floats(0, 1)
)
def test_a_move_and_its_opposite_cancel(width, height, angle, zoom, shift, x, y):
    centre = {"transform_center_x": x, "transform_center_y": y}
    turn = matrix_2d(Move2D(angle=angle, zoom=zoom, **centre), width, height)
    back = matrix_2d(Move2D(angle=-angle, zoom=1 / zoom, **centre), width, height)
    np.testing.assert_allclose(turn @ back, np.eye(3), atol=1e-6)
    there = matrix_2d(Move2D(translation_x=shift, translation_y=-shift), width, height)
    away = matrix_2d(Move2D(translation_x=-shift, translation_y=shift), width, height)
    np.testing.assert_allclose(there @ away, np.eye(3), atol=1e-9)


def test_our_flip_keeps_the_middle_and_the_shift():
    flip = Flip(12, 20, -18, 60)
    middle = flip_matrix(flip, 80, 48) @ [39.5, 23.5, 1]
    assert middle[:2] / middle[2] == pytest.approx([39.5, 23.5])
    move = Move2D(translation_x=5, flip=flip)
    ours, deforums = (matrix_2d(move, 80, 48, native) for native in (True, False))
    still = replace(move, translation_x=0)
    assert not np.allclose(ours, matrix_2d(still, 80, 48))
    assert np.allclose(deforums, matrix_2d(still, 80, 48, native=False))
    small = flip_matrix(Flip(perspective_flip_theta=1e-9), 80, 48)
    np.testing.assert_allclose(small / small[2, 2], np.eye(3), atol=1e-6)


def test_grids_are_deforums():
    arrays, meta = numbers("warp3d")
    checked = 0
    for case in meta["cases"]:
        wanted = arrays.get(f"grid_{case['key']}")
        if wanted is not None:
            even = arrays["depth_rel_equalized"]
            distance = 2 - even if case["depth_algorithm"].startswith("Midas") else 1 + even
            across, down = deforum_shift(of(Move3D, case["params"]), distance, 64, 48)
            made = np.stack(
                np.broadcast_arrays(
                    (2 * np.arange(64) + 1) / 64 - 1 - across,
                    (2 * np.arange(48)[:, None] + 1) / 48 - 1 - down,
                ),
                axis=-1,
            )
            np.testing.assert_allclose(made, wanted, atol=2e-6, err_msg=case["key"])
            checked += 1
    assert checked == 4


def way(move: Move3D, distance=1.0, width: int = 64, height: int = 48, back: bool = False):
    """How far things move right and down, (H, W) each, by where each pixel is taken from."""
    x, y = grid_3d(move, distance, width, height, back)
    return np.arange(width)[None, :] - x, np.arange(height)[:, None] - y


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ({"translation_x": 9}, True),
        ({"translation_y": 9}, False),
        ({"rotation_3d_x": 2}, False),
        ({"rotation_3d_y": 2}, True),
    ],
)
def test_positive_values_move_right_and_down(value, right):
    across, down = way(Move3D(**value))
    moved, kept = (across, down) if right else (down, across)
    assert moved.min() > 1 and abs(kept.mean()) < 0.01
    for name in value:
        if name.startswith("translation"):
            assert matrix_2d(Move2D(**{name: 9}), 64, 48)[0 if right else 1, 2] == 9


def test_positive_values_bring_nearer_and_turn_counter_clockwise():
    across, down = way(Move3D(translation_z=9))
    assert across[24, -1] > 0 > across[24, 0] and down[-1, 32] > 0 > down[0, 32]
    across, down = way(Move3D(rotation_3d_z=9))
    assert down[24, -1] < 0 < down[24, 0]  # the right side goes up
    assert (matrix_2d(Move2D(angle=9), 64, 48) @ [64, 24, 1])[1] < 24


def test_a_pinhole_shows_a_plane_as_it_is():
    """A shift is in proportion to the distance, a roll is rigid, and coming nearer is a zoom."""
    across, down = way(Move3D(translation_x=10, translation_y=5), 2.0)
    pixels = 10 / 200 / 2 / math.tan(math.radians(35)) * 32
    np.testing.assert_allclose(across, pixels)
    np.testing.assert_allclose(down, pixels / 2)
    flat = grid_2d(matrix_2d(Move2D(angle=30, zoom=1.25), 64, 48), 64, 48)
    for fov in (30, 100):
        deep = grid_3d(Move3D(rotation_3d_z=30, translation_z=40, fov=fov), 1.0, 64, 48)
        np.testing.assert_allclose(deep, flat, atol=1e-9)


@given(ANGLES, ANGLES, ANGLES)
def test_a_turn_shows_the_same_at_all_distances(x, y, z):
    move = Move3D(rotation_3d_x=x / 20, rotation_3d_y=y / 20, rotation_3d_z=z)
    distance = np.random.default_rng(1).uniform(1, 2, (5, 8))
    near, mixed = (grid_3d(move, one, 8, 5) for one in (1.0, distance))
    np.testing.assert_allclose(near, mixed, atol=1e-9)


@given(ANGLES, st.floats(-50, 50), st.floats(-50, 50), st.floats(-30, 30))
def test_a_camera_s_move_is_undone(angle, x, y, z):
    """On a plane that stays parallel; the places are put one after the other."""
    move = Move3D(x, y, z, rotation_3d_z=angle, fov=50)
    there, back = grid_3d(move, 1.5, 9, 7), grid_3d(move, 1.5, 9, 7, back=True)
    steps = []
    for grid in (there, back):
        corners = [(grid[0][i, j], grid[1][i, j], 1) for i, j in ((0, 0), (0, 8), (6, 0))]
        own = [(j, i, 1) for i, j in ((0, 0), (0, 8), (6, 0))]
        steps.append(np.linalg.solve(np.array(own, float), np.array(corners)))
    np.testing.assert_allclose(steps[0] @ steps[1], np.eye(3), atol=1e-9)


def test_near_things_move_more():
    distance = np.where(np.arange(64) < 32, 1.0, 2.0)[None].repeat(48, axis=0)
    across, _ = way(Move3D(translation_x=10), distance)
    assert across[0, 0] == pytest.approx(2 * across[0, -1])


def test_what_would_pass_the_camera_stays_before_it():
    for turn in (0, 90, 170):
        for place in grid_3d(Move3D(translation_z=1e6, rotation_3d_y=turn), 1.0, 8, 8):
            assert np.isfinite(place).all()


def test_a_smaller_preview_moves_in_proportion():
    move = Move2D(angle=3, translation_x=8, translation_y=-4)
    assert move.scaled(0.25) == Move2D(angle=3, translation_x=2, translation_y=-1)
    assert Move3D(translation_x=8).scaled(0.25) == Move3D(translation_x=8)


@pytest.mark.parametrize("kind", [Flip, Move2D, Move3D])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_by_its_name(kind, value):
    for field in fields(kind):
        if field.name == "flip":
            continue
        with pytest.raises(UserError) as error:
            kind(**{field.name: value})
        problem = error.value.problem
        assert problem.code == "motion_finite" and problem.field is not None
        assert problem.field.startswith(field.name) and problem.message.startswith(field.name)


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (Move2D, "zoom", (0, -1)),
        (Move3D, "fov", (0, 180, -180, 999)),
        (Move3D, "aspect_ratio", (0, -1)),
        (Flip, "perspective_flip_fv", (0, 180, -5)),
    ],
)
def test_what_is_out_of_range_is_refused_by_its_name(kind, name, values):
    for value in values:
        with pytest.raises(UserError, match=f"{name}.* must be") as error:
            kind(**{name: value})
        assert error.value.problem.code == "motion_bounds"


def test_a_picture_squeezed_to_nothing_is_refused():
    with pytest.raises(UserError) as error:
        grid_2d(np.zeros((3, 3)), 4, 4)
    assert error.value.problem.code == "motion_nothing"
