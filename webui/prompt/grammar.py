"""What a prompt means: from the text in the box to the texts that the encoder reads, and when.

The order is AUTOMATIC1111's: comments, tags of networks, inline negatives (ours), AND, schedules.
Emphasis and BREAK stay in the texts; `attention` and `chunks` read them for the encoder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from webui.prompt.negatives import merge_negative, split_negatives
from webui.prompt.networks import Network, split_networks
from webui.prompt.schedule import read_schedule

__all__ = [
    "Branch",
    "Prompts",
    "merge_negative",
    "plan_negative",
    "plan_prompt",
    "read_prompts",
    "split_branches",
    "split_negatives",
    "strip_comments",
]

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*([-+]?(?:\d+\.?|\d*\.\d+))\s*")
_COMMENT_LINE = re.compile(r"(^|\n)#[^\n]*(\n|$)")
_COMMENT = re.compile(r"#[^\n]*(\n|$)")


@dataclass(frozen=True)
class Prompts:
    """Both prompts as they are drawn, and the networks that join the model for them."""

    positive: str
    negative: str
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class Branch:
    """A part of a prompt between ANDs.

    Attributes:
        weight: how much it counts.
        schedule: (end step, text) in order.
    """

    weight: float
    schedule: tuple[tuple[int, str], ...]

    def text_at(self, call: int) -> str:
        """The text in force at a model call, counted from 0.

        A1111's rule: a text is used up to and including the call of its end step, so
        `[a:b:3]` draws `a` in four calls; past the last end step the first text is back.
        """
        for end, text in self.schedule:
            if call <= end:
                return text
        return self.schedule[0][1]


def read_prompts(prompt: str, negative_prompt: str) -> Prompts:
    """Both prompts without comments, tags and inline negatives, the latter moved over."""
    positive, networks = split_networks(strip_comments(prompt))
    positive, negatives = split_negatives(positive)
    negative = merge_negative(strip_comments(negative_prompt), negatives)
    return Prompts(positive, negative, networks)


def strip_comments(prompt: str) -> str:
    """The prompt with each `# comment` replaced by one newline."""
    return _COMMENT.sub("\n", _COMMENT_LINE.sub("\n", prompt))


def split_branches(prompt: str) -> tuple[tuple[str, float], ...]:
    """The parts between ANDs with their weights, `a cat AND a dog :0.5`."""
    return tuple(_weighted(part) for part in _AND.split(prompt))


def _weighted(part: str) -> tuple[str, float]:
    text, colon, number = part.rpartition(":")
    weight = _WEIGHT.fullmatch(number) if colon else None
    return (text.rstrip(), float(weight[1])) if weight else (part.rstrip(), 1.0)


def plan_prompt(
    prompt: str, steps: int, hires_steps: int | None = None, old_scheduling: bool = False
) -> tuple[Branch, ...]:
    """The branches of a prompt and which text of each is used when.

    Args:
        prompt: `Prompts.positive`.
        steps: model calls of the (first) pass; twice the steps for a second-order sampler.
        hires_steps: model calls of the second pass, to plan that one.
        old_scheduling: `Old prompt editing timelines`, the rule before version 1.6.

    Raises:
        UserError: schedules nested too deep.
    """
    return tuple(
        Branch(weight, read_schedule(text, steps, hires_steps, old_scheduling))
        for text, weight in split_branches(prompt)
    )


def plan_negative(
    prompt: str, steps: int, hires_steps: int | None = None, old_scheduling: bool = False
) -> Branch:
    """Like `plan_prompt` for a negative prompt, in which AND has no meaning."""
    return Branch(1.0, read_schedule(prompt, steps, hires_steps, old_scheduling))
