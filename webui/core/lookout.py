"""Extensions' code that no hook called, as what one put into a network, found while it runs.

A failure there is named by its trace (`guarding.blamed`); what never returns leaves none, so the
thread that draws is looked at from another one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

OWN_MODULES = "easel_extensions."
"""How the names of extensions' modules begin."""


class Overdue(Exception):
    """Code of an extension gave no sign of life for too long; `hook` is the function it is in."""

    def __init__(self, name: str, hook: str, seconds: float) -> None:
        super().__init__(f"{name}: no sign of life for {seconds:g} seconds in {hook}")
        self.name = name
        self.hook = hook
        self.seconds = seconds


def whose(frame: FrameType | None, steps: str = "") -> Iterator[tuple[str, str]]:
    """(extension, function) of the frames of extensions' code, the innermost first.

    Args:
        steps: the module whose frames hide those around it: what asked for a step of the model
            waits for it.
    """
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == steps:
            return
        if module.startswith(OWN_MODULES):
            yield module.split(".")[1], frame.f_code.co_name
        frame = frame.f_back


@dataclass
class Lookout:
    """A thread's work, looked at again and again from another thread.

    Attributes:
        thread: that works.
        seconds: that an extension's code may be on its stack without a sign of life.
        steps: see `whose`.
        fired: whose time is up, once that was found.
        until: when it is given up then, on the clock of `look`.
    """

    thread: int
    seconds: Callable[[str], float]
    steps: str = ""
    fired: Overdue | None = None
    until: float = 0.0
    _since: dict[str, float] = field(default_factory=dict[str, float])

    def alive(self) -> None:
        """All have their time anew."""
        self._since = {}

    def look(self, now: float) -> Overdue | None:
        """Whose time is up, if anybody's; to be asked several times a second.

        Whoever is not on the stack at one of the looks has answered, and has its time anew.
        """
        frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]  documented so
        found = list(whose(frames.get(self.thread), self.steps))
        since = self._since
        self._since = {name: since.get(name, now) for name, _ in found}
        for name, function in found:
            if now - self._since[name] > (limit := self.seconds(name)):
                return Overdue(name, function, limit)
        return None
