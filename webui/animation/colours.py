"""Which picture the colours of an animation are kept to."""

from __future__ import annotations

import numpy as np

from webui.animation.material import fitted
from webui.animation.stage import Array, Stage
from webui.motion.color import deforum_matched, matched, space_of
from webui.motion.pictures import Levels
from webui.motion.state import State
from webui.timeline.footage import COLOURS


def has_own_reference(stage: Stage) -> bool:
    """Whether the settings name a picture or a clip for the colours, not the first frame."""
    return stage.plan.value("color_coherence") in ("Image", "Video Input")


def with_reference(stage: Stage, state: State, frame: int) -> State:
    """The state with the picture that the settings name for a frame's colours, where they do."""
    coherence, every = (
        stage.plan.value("color_coherence"),
        max(stage.plan.value("color_coherence_video_every_N_frames"), 1),
    )
    if coherence == "Image" and state.reference is None:
        return state.with_(reference=reference_picture(stage))
    clip = stage.material.clip
    if coherence == "Video Input" and clip is not None:
        if state.reference is None or frame % every == 0:
            return state.with_(reference=clip(frame - frame % every))
    return state


def reference_picture(stage: Stage) -> Levels:
    """The picture of `color_coherence_image_path`, (H, W, 3)."""
    image = stage.material.picture(COLOURS, str(stage.plan.value(COLOURS) or ""))
    return (
        fitted(image, stage.size)
        if stage.plan.settings.native
        else np.asarray(image.convert("RGB"))
    )


def matched_to(stage: Stage, picture: Array, reference: Array | None) -> Array:
    """A picture in the colours of another one, if the settings want that."""
    space = space_of(stage.plan.value("color_coherence"))
    if not space or reference is None:
        return picture
    if stage.plan.settings.native:
        return matched(np.asarray(picture, np.float32), np.asarray(reference, np.float32), space)
    # Deforum hands over BGR
    swapped = deforum_matched(picture[..., ::-1], reference[..., ::-1], space)
    return np.ascontiguousarray(swapped[..., ::-1])


def matched_to_reference(stage: Stage, levels: Levels, frame: int) -> Levels:
    """A frame of a clip in the colours of the picture that the settings name, if they name one."""
    if stage.plan.value("color_coherence") == "Image":
        return matched_to(stage, levels, reference_picture(stage))
    clip = stage.material.clip
    if stage.plan.settings.native and stage.plan.value("color_coherence") == "Video Input" and clip:
        every = max(stage.plan.value("color_coherence_video_every_N_frames"), 1)
        return matched_to(stage, levels, clip(frame - frame % every))
    return levels
