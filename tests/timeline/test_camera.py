"""Where the camera is, and the hand that holds it."""

import numpy as np
import pytest

from webui.motion.moves import motion_of
from webui.timeline.camera import SHAKEN, Shake, hand, moves
from webui.timeline.keyframes import Clock
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

CLOCK = Clock(frames=240, fps=24, width=512)


def planned(**settings):
    given = {"compat": "native", "prompts": {"0": "a"}, "max_frames": 50, "seed": 1}
    plan = plan_of(settings_of({**given, **settings}))
    assert plan.ok, plan.errors
    return plan


def test_absolute_schedules_say_where_the_camera_is():
    shown = {"angle": "0:(5), 40:(45)", "zoom": "1.02**t", "translation_x": "t*t"}
    plan = planned(camera="absolute", **shown)
    assert plan.series["angle"][40] == 45  # the plan shows what was written
    move = motion_of(plan, 10).move
    assert move.angle == pytest.approx(1)
    assert move.zoom == pytest.approx(1.02)
    assert move.translation_x == pytest.approx(10**2 - 9**2)
    assert motion_of(plan, 45).move.angle == 0
    angles = [motion_of(plan, frame).move.angle for frame in range(50)]
    assert sum(angles) == pytest.approx(45 - 5)


def test_relative_ones_are_steps():
    plan = planned(angle="2")
    assert plan.moves == {} and motion_of(plan, 10).move.angle == 2


def test_a_hand_comes_back_to_where_it_was():
    made = hand(Shake(), CLOCK)
    assert set(made) == set(SHAKEN)
    for name, places in made.items():
        limit = 512 * 0.012 if name.startswith("translation") else 0.7
        assert np.abs(places).max() < limit and places.std() > limit / 20, name
        assert abs(places.mean()) < limit / 2


def test_a_hand_is_the_same_each_time_and_another_by_its_seed():
    one, again, other = (hand(Shake(seed=seed), CLOCK) for seed in (1, 1, 2))
    for name in SHAKEN:
        assert np.array_equal(one[name], again[name])
        assert not np.allclose(one[name], other[name])
    assert len({float(places[5]) for places in one.values()}) == len(SHAKEN)


def test_amplitude_and_speed():
    calm = hand(Shake(), CLOCK)["angle"]
    assert np.allclose(hand(Shake(amplitude=3), CLOCK)["angle"], 3 * calm)
    grown = hand(Shake(amplitude="0:(0), 239:(1)"), CLOCK)["angle"]
    assert grown[0] == 0 and grown[-1] == pytest.approx(calm[-1])
    fast = hand(Shake(speed=4), CLOCK)["angle"]
    assert np.abs(np.diff(fast)).mean() > 2 * np.abs(np.diff(calm)).mean()


def test_the_hand_is_the_same_at_another_frame_rate():
    fine = hand(Shake(), Clock(frames=480, fps=48))["angle"]
    assert np.allclose(fine[::2], hand(Shake(), CLOCK)["angle"])


def test_it_comes_on_top_of_the_schedules():
    shake = {"amplitude": 2, "seed": 3}
    plan = planned(angle="1", shake=shake)
    places = hand(Shake(**shake), Clock(frames=50, fps=15, width=512))["angle"]
    for frame in (1, 20, 49):
        wanted = 1 + places[frame] - places[frame - 1]
        assert motion_of(plan, frame).move.angle == pytest.approx(wanted)
    assert plan.series["angle"].tolist() == [1] * 50


def test_a_recorded_hand():
    shake = {"values": {"angle": "held"}, "amplitude": 2}
    plan = planned(series={"held": [0, 1, 3, 2]}, shake=shake, angle="0")
    steps = [motion_of(plan, frame).move.angle for frame in range(1, 5)]
    assert steps == [2, 4, -2, 0]
    assert set(plan.moves) == {"angle"}


def test_deforums_mode_has_neither():
    given = {"prompts": {"0": "a"}, "camera": "absolute", "shake": {"amplitude": 1}}
    plan = plan_of(settings_of(given))
    assert plan.moves == {} and {one.parameter for one in plan.warnings} >= {"camera", "shake"}


@pytest.mark.parametrize(
    ("shake", "sentence"),
    [
        ({"speed": 0}, "speed does not fit"),
        ({"loud": 1}, "loud does not fit"),
        ({"amplitude": "0:(sin(t)"}, "character 3"),
        ({"values": {"zoom": "1"}}, "zoom is no schedule of the camera"),
        ({"values": {"angle": "1/t"}}, "frame 0"),
    ],
)
def test_hands_that_are_none(shake, sentence):
    given = {"compat": "native", "prompts": {"0": "a"}, "shake": shake}
    plan = plan_of(settings_of(given))
    assert [one.parameter for one in plan.errors] == ["shake"]
    assert sentence in plan.errors[0].problem.message


def test_nothing_moves_without_schedules():
    assert moves({}, "absolute", Shake(), CLOCK) == {}
