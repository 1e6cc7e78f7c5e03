"""Where the data and the training live: outside the repository."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path

BASE = Path(__file__).resolve().parents[2] / "models" / "checkpoints" / "easel-demo"
"""The shipped model, from which training goes on."""


def default_state() -> Path:
    """The folder `easel-demo-training` in the user's cache folder."""
    return user_cache_path("easel-demo-training", appauthor=False)


CONTROLNET = BASE.parents[1] / "controlnet" / "easel-demo-canny"
"""The shipped ControlNet of the shipped model."""
