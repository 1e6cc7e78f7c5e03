"""What an extension prints in one call is cut off where it would flood the log."""

from __future__ import annotations

import contextvars
import io
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

MOST = 64_000
"""Letters in one call."""


@dataclass
class _Budget:
    name: str
    left: int


_BUDGET: contextvars.ContextVar[_Budget | None] = contextvars.ContextVar("budget", default=None)


class Limited(io.TextIOBase):
    """A standard stream that counts what is written within a budget; all else passes."""

    def __init__(self, inner: TextIO) -> None:
        self._inner = inner

    def write(self, text: str, /) -> int:
        budget = _BUDGET.get()
        if budget is not None:
            if budget.left < 0:
                return len(text)
            budget.left -= len(text)
            if budget.left < 0:
                self._inner.write(f"\n[{budget.name} prints too much: the rest is left out]\n")
                return len(text)
        return self._inner.write(text)

    def flush(self) -> None:
        self._inner.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def watch_streams() -> None:
    """Put both standard streams behind `Limited`, once."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Limited):
            setattr(sys, name, Limited(stream))


@contextmanager
def limited_output(name: str, most: int = MOST) -> Generator[None]:
    """What is printed inside is cut off after so many letters, and that is said."""
    token = _BUDGET.set(_Budget(name, most))
    try:
        yield
    finally:
        _BUDGET.reset(token)
