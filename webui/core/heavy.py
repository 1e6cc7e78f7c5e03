"""Libraries of models are not imported beside the page: an extension that tries is refused."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

HEAVY = frozenset(
    ("torch", "torchvision", "torchaudio", "diffusers", "transformers", "accelerate", "peft")
)
_BESIDE: contextvars.ContextVar[bool] = contextvars.ContextVar("beside_the_page", default=False)


class HeavyImport(ImportError):
    """A library of models was to be imported beside the page."""


class Refusing(MetaPathFinder):
    """Refuses them within `beside_the_page`, and finds nothing itself."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> Any:
        top = fullname.partition(".")[0]
        if top in HEAVY and _BESIDE.get():
            said = f"{top} is for the worker's module alone, not beside the page"
            raise HeavyImport(said, name=top)
        return None


def refuse_heavy() -> None:
    """Put the refusal in front of all other finders, once."""
    if not any(isinstance(finder, Refusing) for finder in sys.meta_path):
        sys.meta_path.insert(0, Refusing())


@contextmanager
def beside_the_page() -> Generator[None]:
    """What runs inside belongs beside the page."""
    token = _BESIDE.set(True)
    try:
        yield
    finally:
        _BESIDE.reset(token)
