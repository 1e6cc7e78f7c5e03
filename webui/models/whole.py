"""Models that draw whole pictures from text by themselves: the engine does not walk for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image

from webui.core.offers import ModelInfo

StepDone = Callable[[int, int], None]
"""Told how many steps are done, and how many there are; may raise to stop."""


@dataclass(frozen=True)
class Asked:
    """One picture that is asked for.

    Attributes:
        width, height: pixels.
        cfg_scale: of the guidance; 1 is none, and then the negative text counts for nothing.
    """

    prompt: str
    negative: str
    width: int
    height: int
    steps: int
    cfg_scale: float
    seed: int


@runtime_checkable
class WholePipeline(Protocol):
    """A loaded pipeline."""

    @property
    def info(self) -> ModelInfo: ...

    def draw(self, asked: Asked, step_done: StepDone) -> Image.Image:
        """The picture, RGB, of the size asked for or the nearest that the model can draw.

        What `step_done` raises ends it.
        """
        ...
