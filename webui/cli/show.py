"""What the shell shows while it waits: one line that changes, on stderr, and only to a person."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from webui.cli.words import size
from webui.core.events import Event, Progress, Started
from webui.core.texts import text

WIDTH = 24


class Bar:
    """One line that says how far a job is; silent where stderr is no terminal."""

    def __init__(self, language: str, stream: TextIO = sys.stderr) -> None:
        self._language = language
        self._stream = stream
        self._shown = stream.isatty()

    def show(self, event: Event) -> None:
        """Draw what an event says."""
        if isinstance(event, Progress):
            self._draw(self.words(event))
        elif event.kind in ("worker", "queued"):
            self._draw(text("cli.waiting", self._language))
        elif isinstance(event, Started):
            self._draw(text("cli.loading", self._language))

    def words(self, progress: Progress) -> str:
        """The line for one state of a job."""
        if progress.phase == "loading" and not progress.steps:
            return text("cli.loading", self._language)
        left = "" if progress.eta is None else text("cli.left", self._language, s=_whole(progress))
        done = progress.step / progress.steps if progress.steps else 0.0
        bar = ("#" * round(done * WIDTH)).ljust(WIDTH, ".")
        if progress.phase in ("loading", "downloading", "merging"):
            total = f" / {size(progress.steps)}" if progress.steps else ""
            return f"[{bar}] {size(progress.step)}{total}  {left}".rstrip()
        place = text("cli.place", self._language, image=progress.image + 1, images=progress.images)
        return f"[{bar}] {progress.step}/{progress.steps}  {place}  {left}".rstrip()

    def clear(self) -> None:
        """Leave an empty line."""
        self._draw("")

    def _draw(self, words: str) -> None:
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r" + words[:width].ljust(width) + "\r" + words[:width])
            self._stream.flush()


def _whole(progress: Progress) -> int:
    return round(progress.eta or 0)
