"""The recorded runs of the Deforum extension, frame by frame, through our renderer."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, stage
from tests.motion.deforum_run import Run, recorded
from tests.motion.test_tween import RUNS
from webui.animation.deforum import deforum_steps
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of


@pytest.mark.parametrize("name", RUNS)
def test_frames_equal_those_of_the_template(name):
    """`tests/motion` holds the template to the recorded pictures; here are the same, to the bit."""
    record, pictures = recorded(name)
    template = Run(record, pictures["first_frame"])
    template.go()
    mixer = Mixer(pictures["first_frame"], record["generator"] == "identity")
    there = stage(template.plan, mixer, depth=template.depth)
    made = {
        f"frame_{frame.number:03}": frame.levels
        for _, frames in deforum_steps(there, State())
        for frame in frames
    }
    wanted = {key: one for key, one in template.pictures.items() if key.startswith("frame")}
    assert made.keys() == wanted.keys()
    for key, levels in made.items():
        assert np.array_equal(levels, wanted[key]), key
    for number, given in enumerate(mixer.given):
        if given is not None:
            assert np.array_equal(given, template.pictures[f"init_{number:03}"])


def test_a_run_that_begins_with_a_picture():
    record, pictures = recorded("c11_init_image")
    values = {"legacy_colormatch": False, **record["settings_changed_from_default"]}
    mixer = Mixer(pictures["first_frame"])
    first = Image.fromarray(pictures["init_image"])
    here = stage(
        plan_of(settings_of({**values, "compat": "deforum-3"})), mixer, first=lambda: first
    )
    list(deforum_steps(here, State()))
    assert mixer.seeds == [call["seed"] for call in record["calls"]]
    for number, given in enumerate(mixer.given):
        apart = np.abs(given.astype(int) - pictures[f"init_{number:03}"])
        assert apart.max() <= 12 and apart.mean() <= 1, number  # matching makes more of it


def test_a_run_taken_up_again_makes_the_same_frames():
    record, pictures = recorded("c05_3d_depth_cadence2")
    template = Run(record, pictures["first_frame"])
    there = stage(template.plan, Mixer(pictures["first_frame"]), depth=template.depth)
    whole = list(deforum_steps(there, State()))
    for place, (state, _) in enumerate(whole):
        rest = list(deforum_steps(there, state))
        assert len(rest) == len(whole) - place - 1
        for (_, again), (_, before) in zip(rest, whole[place + 1 :], strict=True):
            for one, other in zip(again, before, strict=True):
                assert one.number == other.number
                assert np.array_equal(one.levels, other.levels)
