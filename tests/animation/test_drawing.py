import numpy as np
import pytest

from tests.animation.painters import Mixer, picture, plan, stage
from tests.motion.deforum_run import recorded
from webui.animation.deforum import deforum_steps
from webui.animation.drawing import draw
from webui.core.errors import UserError
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

OWN = picture()


def there(paint, **values):
    return stage(plan(W=64, H=48, max_frames=5, diffusion_cadence=1, **values), paint)


def test_a_frame_from_its_prompt_or_over_a_picture():
    mixer = Mixer(OWN)
    draw(there(mixer), 0, None)
    draw(there(mixer), 1, OWN)
    assert mixer.given[0] is None and np.array_equal(mixer.given[1], OWN)


def test_it_is_drawn_over_its_own_drawing_as_often_as_wanted():
    mixer = Mixer(OWN)
    here = there(mixer, diffusion_redo=2, strength_schedule="0.5")
    draw(here, 1, OWN)
    assert len(mixer.given) == 3 and len(set(mixer.seeds)) == 3
    assert mixer.seeds[-1] == here.plan.seeds[1], "the last time with the frame's own seed"
    assert not np.array_equal(mixer.given[1], mixer.given[0])
    again = Mixer(OWN)
    draw(there(again, diffusion_redo=2, strength_schedule="0.5"), 1, OWN)
    assert again.seeds == mixer.seeds, "a run makes the same seeds again"


def test_deforum_s_run_with_redo():
    record, pictures = recorded("c18_redo")
    values = {"legacy_colormatch": False, **record["settings_changed_from_default"]}
    mixer = Mixer(pictures["first_frame"])
    made = plan_of(settings_of({**values, "compat": "deforum-3"}))
    list(deforum_steps(stage(made, mixer), State()))
    assert len(mixer.given) == len(record["calls"])
    own = [place for place, call in enumerate(record["calls"]) if call["seed"] < 2000]
    assert [mixer.seeds[place] for place in own] == [record["calls"][one]["seed"] for one in own]


def test_the_flow_to_a_first_drawing_moves_it():
    moved = np.roll(OWN, 4, 1)

    class Shifted(Mixer):
        def __call__(self, frame, picture, given=None, /):
            super().__call__(frame, picture)
            return (moved, None) if len(self.given) == 1 else (np.asarray(picture), None)

    paint = Shifted(OWN)
    here = there(paint, optical_flow_redo_generation="DIS Medium", strength_schedule="0.5")
    draw(here, 1, OWN, before=OWN)
    assert len(paint.given) == 2
    assert not np.array_equal(paint.given[1], moved), "moved on along the flow"
    paint = Shifted(OWN)
    draw(there(paint, optical_flow_redo_generation="DIS Medium"), 1, OWN)
    assert len(paint.given) == 1, "there is no picture to take a flow from"


class Black:
    """Draws black pictures until a seed is reached."""

    def __init__(self, good: int) -> None:
        self.good, self.seeds = good, []

    def __call__(self, frame, picture, given, /):
        self.seeds.append(frame.seed)
        return (OWN if frame.seed >= self.good else np.zeros_like(OWN)), None


def test_black_frames():
    paint = Black(good=6)
    made, _ = draw(there(paint, reroll_blank_frames="reroll", seed=3), 0, None)
    assert paint.seeds == [3, 4, 5, 6] and np.array_equal(made, OWN)
    with pytest.raises(UserError, match="Frame 0 came out black"):
        draw(there(Black(99), reroll_blank_frames="reroll", reroll_patience=2, seed=3), 0, None)
    with pytest.raises(UserError, match="Frame 2 came out black"):
        draw(there(Black(99), reroll_blank_frames="interrupt"), 2, OWN)
    made, _ = draw(there(Black(99)), 0, None)
    assert not made.any()
