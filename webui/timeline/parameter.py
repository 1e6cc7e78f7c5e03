"""What is known of a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "bool", "int", "number", "text", "choice", "schedule", "texts", "json", "image", "prompts"
]
"""`schedule` is one of numbers, `texts` one of texts; see `keyframes` and `deforum_keyframes`."""


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes:
        name: Deforum's, as in its settings file.
        kind: what its value is.
        default: Deforum's.
        group: what it is about.
        choices: the values that there are, for a choice.
        low, high: the range that Deforum's page offers; a file may leave it.
        least: below this nothing works.
        open: whether other choices than these may exist, by an extension.
        saved: whether Deforum writes it into a settings file.
    """

    name: str
    kind: Kind
    default: Any
    group: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    least: float | None = None
    open: bool = False
    saved: bool = True


def parameter(name: str, kind: Kind, default: Any, group: str, **more: Any) -> Parameter:
    """A parameter in one line."""
    return Parameter(name, kind, default, group, **more)
