"""Where a worker's code stood when it gave no sign of life, or crashed: for the server, by files.

Python's own fault handler writes it without asking Python, so also where some code holds Python up
(a regular expression that never ends) or takes the process down in a library.
"""

from __future__ import annotations

import faulthandler
import re
from collections.abc import Mapping
from pathlib import Path

from webui.core.paths import CLONE

SECONDS = 5.0
"""Without a sign of life until it is written down; shorter than the server waits."""
_OURS = CLONE / "webui"
_THREAD = re.compile(r"^(?:Current t|T)hread 0x\w+.*$", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.*)", line \d+ in (.*)$', re.MULTILINE)


class Trace:
    """The worker's end."""

    def __init__(self, path: Path) -> None:
        """Crashes are written down from now on; what stood there is gone.

        Raises:
            OSError: the file cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        faulthandler.enable(self._file)

    def alive(self, seconds: float = SECONDS) -> None:
        """A sign of life: what was written is of no use, and nothing is for so long."""
        self._file.seek(0)
        self._file.truncate()
        faulthandler.dump_traceback_later(seconds, file=self._file)


def last_own(path: Path, folders: Mapping[str, Path]) -> tuple[str, str] | None:
    """(extension, function) of the code that a worker's end came in; None where it was ours.

    Args:
        folders: extension -> its folder.
    """
    try:
        told = path.read_text(errors="replace")
    except OSError:
        return None
    for file, function in _FRAME.findall(_of_main_thread(told)):
        if Path(file).is_relative_to(_OURS):
            return None
        for name, folder in folders.items():
            if Path(file).is_relative_to(folder):
                return name, function
    return None


def _of_main_thread(told: str) -> str:
    """What crashed, else the thread that is the oldest, which stands last."""
    starts = [found.start() for found in _THREAD.finditer(told)]
    parts = [told[a:b] for a, b in zip(starts, [*starts[1:], None], strict=False)]
    current = [part for part in parts if part.startswith("Current")]
    return (current or parts or [""])[-1]
