from __future__ import annotations

import numpy as np

from tests.animation.painters import plan, stage
from webui.animation.stills import still_steps
from webui.motion.state import State


def test_each_frame_comes_from_its_prompt_alone():
    made = plan(
        animation_mode="Interpolation",
        max_frames=5,
        prompts={"0": "a cat", "4": "a dog"},
        W=64,
        H=64,
    )
    asked: list[tuple[str, object]] = []

    def paint(frame, picture, given):
        asked.append((frame.prompt, picture))
        return np.full((64, 64, 3), frame.frame, np.uint8), frame.frame

    steps = list(still_steps(stage(made, paint), State()))
    assert [frame.number for _, frames in steps for frame in frames] == [0, 1, 2, 3, 4]
    assert all(picture is None for _, picture in asked)
    assert asked[0][0] == "a cat" and "AND" in asked[2][0] and asked[4][0] == "a dog"
    again = [
        frame.number
        for _, frames in still_steps(stage(made, paint), steps[2][0])
        for frame in frames
    ]
    assert again == [3, 4]
