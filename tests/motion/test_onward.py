from __future__ import annotations

import numpy as np
import pytest

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.motion.onward import (
    drawn_size,
    frames_needed,
    mark_of,
    next_frame,
    resumed,
    state_of_pictures,
    taken_up,
)
from webui.motion.state import Kept, Mark, State
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of

SETTINGS = {"compat": "native", "prompts": {"0": "a"}, "max_frames": 20, "seed": 1, "W": 64}
SETTINGS |= {"H": 64, "diffusion_cadence": 1}
DEFORUM = {"compat": "deforum-3", "diffusion_cadence": 1}
LEVELS = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)


def request(**settings) -> Animation:
    return Animation(settings={**SETTINGS, **settings})


def plan(**settings) -> Plan:
    return plan_of(settings_of({**SETTINGS, **settings}))


def mark(**settings) -> Mark:
    return mark_of(request(**settings), plan(**settings))


@pytest.mark.parametrize(
    ("width", "draft", "size"), [(512, 1.0, 512), (512, 0.5, 256), (520, 0.1, 64), (516, 1.0, 512)]
)
def test_sizes_are_multiples_of_eight_and_not_too_small(width, draft, size):
    (made, _), scale = drawn_size(plan(W=width, H=512), draft)
    assert made == size and scale == pytest.approx(size / (width - width % 8))


def test_what_is_too_large_is_said():
    with pytest.raises(UserError, match="at most 2048 pixels"):
        drawn_size(plan(W=4096, H=512), 1.0)


def test_a_run_that_was_stopped_goes_on_after_the_frames_that_arrived():
    kept = [Kept(State(made, LEVELS, frame=made - 1), mark()) for made in (6, 4)]

    def made(done, of=kept, **settings):
        return resumed(of, mark(**settings), plan(), done).made

    assert made(None) == made(range(6)) == made(range(20)) == 6
    assert made(range(5)) == made({0, 1, 2, 3, 5}) == 4, "a frame was lost on the way"
    assert made(range(3)) == made(()) == made(None, of=[]) == made(None, angle="3") == 0


def test_a_mark_is_that_of_what_frames_come_from():
    asked = request()
    again = asked.with_(after={"job": "a" * 32, "frame": 3}, frames=20, folder="clips")
    assert mark_of(again, plan()) == mark()
    assert mark(angle="3").request != mark().request
    assert mark(angle="3").form == mark(diffusion_cadence=3).form == mark().form
    assert mark(**DEFORUM).form != mark(**{**DEFORUM, "diffusion_cadence": 3}).form
    assert len({mark().form, mark(**DEFORUM).form, mark(W=128).form}) == 3


@pytest.mark.parametrize(
    ("settings", "frame", "wanted"),
    [
        ({}, None, 0),
        ({"diffusion_cadence": 3}, 6, 7),
        (DEFORUM, 6, 7),
        ({**DEFORUM, "diffusion_cadence": 3}, 6, 6),
    ],
)
def test_which_frame_is_written_next(settings, frame, wanted):
    assert next_frame(plan(**settings), State(3, LEVELS, frame=frame)) == wanted


def test_a_state_of_the_same_request_is_taken_up_also_where_it_lags_behind():
    kept = Kept(State(5, LEVELS, frame=4), mark())
    before = Kept(State(4, LEVELS, frame=3), mark())
    assert taken_up([kept, before], mark(), plan(), 5) is kept.state
    assert taken_up([kept, before], mark(), plan(), 7) is kept.state
    assert taken_up([kept, before], mark(), plan(), 4) is before.state
    assert taken_up([kept, before], mark(), plan(), 3) is None, "they are past that frame"
    assert taken_up([], mark(), plan(), 3) is None


def test_a_state_of_another_request_is_taken_up_where_it_stands_exactly_there():
    kept = Kept(State(5, LEVELS, frame=4), mark())
    changed = {"angle": "3", "diffusion_cadence": 3}
    taken = taken_up([kept], mark(**changed), plan(**changed), 5)
    assert taken is not None and taken.made == 2, "frames 0 and 3 are behind it"
    assert taken_up([kept], mark(**changed), plan(**changed), 6) is None
    assert taken_up([kept], mark(**DEFORUM), plan(**DEFORUM), 5) is None, "another form"


@pytest.mark.parametrize("mode", ["Interpolation", "Video Input"])
def test_where_each_frame_stands_alone_nothing_is_needed(mode):
    alone = plan(animation_mode=mode)
    assert frames_needed(alone, 7) == ()
    assert taken_up([], Mark("x"), alone, 7) == State(made=7)


def picture(frame: int) -> np.ndarray:
    return LEVELS + np.uint8(frame)


@pytest.mark.parametrize("settings", [{}, DEFORUM, {**DEFORUM, "diffusion_cadence": 3}])
def test_a_state_of_pictures_is_that_of_the_frame_before_and_the_first(settings):
    made = plan(**settings)
    assert frames_needed(made, 8) == (0, 7)
    state = state_of_pictures(made, 8, picture)
    assert np.array_equal(state.picture, picture(7))
    assert np.array_equal(state.reference, picture(0))
    cadence = settings.get("diffusion_cadence", 1)
    assert (state.made, state.frame) == ((8, 7) if cadence == 1 else (3, 6))
    assert (state.following is not None) == (cadence > 1)


def test_a_reference_that_the_settings_name_is_not_taken_from_the_frames():
    assert state_of_pictures(plan(color_coherence="Image"), 8, picture).reference is None
