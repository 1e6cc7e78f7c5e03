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
    flip_matrix,
    grid_2d,
    matrix_2d,
    shift_3d,
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
    matrix = matrix_2d(move, 80, 40)
    assert matrix @ [20, 20, 1] == pytest.approx([20, 20, 1])
    # what was right of the centre is above it: counter-clockwise on the screen
    assert matrix @ [30, 20, 1] == pytest.approx([20, 0, 1])
    assert matrix_2d(Move2D(translation_x=5, translation_y=-7), 80, 40) @ [1, 1, 1] == (
        pytest.approx([6, -6, 1])
    )


@given(SIDES, SIDES)
def test_what_does_not_move_is_told_exactly(width, height):
    assert np.array_equal(matrix_2d(Move2D(), width, height), np.eye(3))
    assert np.array_equal(matrix_2d(Move2D(flip=Flip()), width, height), np.eye(3))
    distance = np.random.default_rng(1).uniform(1, 2, (3, 5))
    for way in shift_3d(Move3D(), distance, 5, 3):
        assert not way.any()


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
    middle = flip_matrix(flip, 80, 48) @ [40, 24, 1]
    assert middle[:2] / middle[2] == pytest.approx([40, 24])
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
            across, down = shift_3d(of(Move3D, case["params"]), distance, 64, 48, native=False)
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


@pytest.mark.parametrize(
    ("value", "right", "down"),
    [
        ({"translation_x": 9}, 1, 0),
        ({"translation_y": 9}, 0, 1),
        ({"rotation_3d_x": 2}, 0, 1),
        ({"rotation_3d_y": 2}, 1, 0),
    ],
)
def test_positive_values_move_right_and_down(value, right, down):
    across, fall = (way.mean() for way in shift_3d(Move3D(**value), 1.0, 64, 48))
    assert (np.sign(across) if right else abs(across) < 1e-3) == (1 if right else True)
    assert (np.sign(fall) if down else abs(fall) < 1e-3) == (1 if down else True)
    flat = {name: 9 for name in value if name.startswith("translation")}
    for name in flat:
        matrix = matrix_2d(Move2D(**{name: 9}), 64, 48)
        assert matrix[0 if right else 1, 2] == 9


def test_positive_values_bring_nearer_and_turn_counter_clockwise():
    across, down = shift_3d(Move3D(translation_z=9), 1.0, 64, 48)
    assert across[24, -1] > 0 > across[24, 0] and down[-1, 32] > 0 > down[0, 32]
    across, down = shift_3d(Move3D(rotation_3d_z=9), 1.0, 64, 48)
    assert down[24, -1] < 0 < down[24, 0]  # the right side goes up
    assert (matrix_2d(Move2D(angle=9), 64, 48) @ [64, 24, 1])[1] < 24


def test_near_things_move_more():
    distance = np.where(np.arange(64) < 32, 1.0, 2.0)[None].repeat(48, axis=0)
    across, _ = shift_3d(Move3D(translation_x=10), distance, 64, 48)
    assert across[0, 0] == pytest.approx(2 * across[0, -1])
    assert across[0, 0] == pytest.approx(10 / 200 / math.tan(math.radians(35)))


def test_what_would_pass_the_camera_stays_before_it():
    for way in shift_3d(Move3D(translation_z=1e6, rotation_3d_y=170), 1.0, 8, 8):
        assert np.isfinite(way).all()


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
