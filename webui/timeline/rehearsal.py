"""An animation of which only the motion is wanted: the settings without all that draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STILL: Mapping[str, Any] = {
    "strength_schedule": "0:(1)",
    "noise_schedule": "0:(0)",
    "amount_schedule": "0:(0)",
    "kernel_schedule": "0:(5)",
    "sigma_schedule": "0:(1)",
    "threshold_schedule": "0:(0)",
    "contrast_schedule": "0:(1)",
    "color_coherence": "None",
    "color_force_grayscale": False,
    "diffusion_redo": 0,
    "optical_flow_redo_generation": "None",
    "use_mask": False,
    "use_mask_video": False,
    "use_noise_mask": False,
    "use_looper": False,
    "sampling_mode": "bilinear",
    "noise_type": "perlin",
    "perlin_octaves": 1,
}
"""What leaves a picture as it is but for the camera and the clip."""


def moving_only(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an animation that only moves."""
    return {**settings, **_STILL}
