"""A film written picture by picture: one is held at a time, and the file is whole or not there."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from webui.core.errors import UserError
from webui.core.film import FilmFormat
from webui.video.encoding import SOUND, Beside, Encoding, command, joining_command

Levels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB."""

_PATIENCE = 600.0
"""Seconds that ffmpeg may take for what it still holds after the last picture."""
_SHOWN = 300


def write_film(
    frames: Iterable[Levels],
    out: Path,
    encoding: Encoding,
    check: Callable[[int], None] = lambda done: None,
) -> int:
    """Write a film; returns how many pictures it has.

    Args:
        frames: all of one size; taken one by one.
        out: the file; its folder exists. Nothing is left there if writing fails.
        check: told after each picture how many there are; may raise to stop.

    Raises:
        UserError: there is no picture, they are of different sizes, or ffmpeg gave up; the
            sentence has its reason.
    """
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise UserError("film_empty")
    height, width = first.shape[:2]
    part = out.with_name(f".{out.name}.part")
    line = command(width, height, encoding, part)
    try:
        with tempfile.TemporaryFile() as errors:
            count, code = _encoded(line, errors, _one_size(first, pictures), check)
            if code:
                errors.seek(0)
                raise UserError("film_failed", reason=_reason(errors.read()))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


def join(film: Path, beside: Beside, format: FilmFormat, out: Path) -> None:
    """A film with sound and subtitles, exactly as long as it is: longer sound is cut, shorter sound
    ends.

    Raises:
        UserError: the format has no sound, or the file of sound is none.
    """
    if beside.sound is not None and format not in SOUND:
        raise UserError("film_silent", format=format)
    line = joining_command(film, beside, format, out)
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        out.unlink(missing_ok=True)
        if beside.sound is None:
            raise UserError("film_failed", reason=_reason(done.stderr))
        raise UserError("film_sound", name=beside.sound.name, reason=_reason(done.stderr))


def _encoded(
    line: list[str], errors: IO[bytes], frames: Iterable[Levels], check: Callable[[int], None]
) -> tuple[int, int]:
    """How many pictures were handed to ffmpeg, and its exit code."""
    process = subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
    )
    assert process.stdin is not None
    try:
        count = _feed(process.stdin, frames, check)
        return count, process.wait(_PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise UserError("film_failed", reason=f"{_PATIENCE:.0f} s") from error
    finally:
        process.kill()  # of no effect on one that has ended
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()


def _feed(pipe: IO[bytes], frames: Iterable[Levels], check: Callable[[int], None]) -> int:
    """Hand over one picture after the other; stops early where ffmpeg has given up."""
    count = 0
    for picture in frames:
        try:
            pipe.write(np.ascontiguousarray(picture).tobytes())
        except BrokenPipeError:  # its reason stands in what it printed
            return count
        count += 1
        check(count)
    with suppress(BrokenPipeError):
        pipe.close()
    return count


def _one_size(first: Levels, rest: Iterable[Levels]) -> Iterable[Levels]:
    yield first
    for picture in rest:
        if picture.shape != first.shape:
            sizes = [f"{one.shape[1]} × {one.shape[0]}" for one in (first, picture)]
            raise UserError("film_sizes", first=sizes[0], other=sizes[1])
        yield picture


def _reason(printed: bytes) -> str:
    """What ffmpeg says first, which names the cause; later lines say that it could not go on."""
    lines = [line.strip() for line in printed.decode(errors="replace").splitlines()]
    first = next((line for line in lines if line), "?")
    return re.sub(r"^\[[^]]* @ 0x[0-9a-f]+\] ", "", first)[:_SHOWN]
