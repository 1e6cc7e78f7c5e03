"""What prompts of both modes share: per frame a positive and a negative, and formulas within."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from webui.timeline.deforum_keyframes import is_plain
from webui.timeline.problems import Finding, FormulaError, found_in

MATH = re.compile(r"`([\s\S]*?)`")
"""A formula between back-ticks."""
_TAG = re.compile(r"<(lora|lyco|hypernet):([^<>:]+):([^<>]+)>")
_NAMED_WEIGHTS = ("te", "unet")


@dataclass(frozen=True)
class Part:
    """How much of the frames is a prompt's.

    Attributes:
        share: of every frame, (frames,); those of all prompts add up to 1.
        own: the weight that it was given of its own, (frames,), None for none.
    """

    share: npt.NDArray[np.float64]
    own: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class PromptSeries:
    """The prompts of all frames, as they reach the generator, and what is wrong with them.

    Attributes:
        parts: key as written -> how much of the frames is its prompt's, where prompts go over
            into each other.
    """

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    parts: Mapping[str, Part] = field(default_factory=dict[str, Part])


@dataclass(frozen=True)
class PromptError(Exception):
    """A prompt that cannot be read.

    Attributes:
        parameter: `prompts.<key>` or the name of a global text.
        error: what is wrong, and where in that text.
    """

    parameter: str
    error: FormulaError

    def finding(self) -> Finding:
        """The same as something to tell."""
        return found_in(self.parameter, self.error)


def weight_formulas(text: str) -> list[tuple[int, int]]:
    """Where in a prompt a network's weight is a formula, `<lora:name:0.5+0.5*sin(t/10)>`.

    Weights are what has no `=` behind the name, and `te=` and `unet=`; a weight that is a number
    stays as it is written.
    """
    found: list[tuple[int, int]] = []
    for tag in _TAG.finditer(text):
        place = tag.start(3)
        for item in tag[3].split(":"):
            name, named, value = item.partition("=")
            start = place + (len(name) + 1 if named else 0)
            weight = value if named else item
            is_weight = not named or name.strip() in _NAMED_WEIGHTS
            if is_weight and weight.strip() and not is_plain(weight.strip()):
                found.append((start, start + len(weight)))
            place += len(item) + 1
    return found


def replace_spans(text: str, spans: list[tuple[int, int]], value: Callable[[int, int], str]) -> str:
    """A text with each span replaced by what `value` gives for it."""
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        parts += [text[end:start], value(start, stop)]
        end = stop
    return "".join([*parts, text[end:]])
