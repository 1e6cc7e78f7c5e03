"""Extensions that failed three times in a row are left out until somebody releases them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from webui.core.errors import Problem, UserError
from webui.core.files import write_atomically

MOST = 3
"""Failures in a row."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)

    failures: dict[str, int] = {}
    reasons: dict[str, Problem] = {}


class Quarantine:
    """Who failed how often in a row, on disk; from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Read the file.

        Args:
            path: None: nothing is kept.
        """
        self._path = path
        self._lock = threading.Lock()
        self._kept = _load(path)

    def reasons(self) -> dict[str, Problem]:
        """Extension that is left out -> how it last failed."""
        return self._kept.reasons

    def counting(self) -> bool:
        """Whether anybody's failures are counted."""
        return bool(self._kept.failures)

    def failed(self, name: str, problem: Problem) -> None:
        """It failed once more."""
        with self._lock:
            count = self._kept.failures.get(name, 0) + 1
            failures = {**self._kept.failures, name: count}
            reasons = {**self._kept.reasons, **({name: problem} if count >= MOST else {})}
            self._keep(_Kept(failures=failures, reasons=reasons))

    def worked(self, names: Iterable[str]) -> None:
        """These did not fail: their count begins anew."""
        with self._lock:
            worked = set(names) & self._kept.failures.keys() - self._kept.reasons.keys()
            if worked:
                left = {k: v for k, v in self._kept.failures.items() if k not in worked}
                self._keep(self._kept.model_copy(update={"failures": left}))

    def release(self, name: str) -> None:
        """Let it take part again."""
        with self._lock:
            failures = {k: v for k, v in self._kept.failures.items() if k != name}
            reasons = {k: v for k, v in self._kept.reasons.items() if k != name}
            self._keep(_Kept(failures=failures, reasons=reasons))

    def _keep(self, kept: _Kept) -> None:
        self._kept = kept
        if self._path is not None:
            with suppress(UserError):  # a full disk: then it counts as long as the program runs
                write_atomically(self._path, kept.model_dump_json().encode())


def _load(path: Path | None) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes()) if path else _Kept()
    except (OSError, ValidationError):
        return _Kept()
