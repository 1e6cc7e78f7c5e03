"""Subtitles as SubRip has them: a number, a time and a text each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_LONGEST = 200
"""Characters of a line: more would hide the picture."""


def srt(texts: Iterable[str], seconds: float) -> Iterator[str]:
    """The pieces of a file: one text after the other, each shown for so many seconds."""
    for number, text in enumerate(texts):
        begin, end = number * seconds, (number + 1) * seconds
        lines = [line.strip()[:_LONGEST] for line in text.splitlines() if line.strip()]
        shown = "\n".join(line.replace("-->", "→") for line in lines) or "–"
        yield f"{number + 1}\n{_time(begin)} --> {_time(end)}\n{shown}\n\n"


def _time(seconds: float) -> str:
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
