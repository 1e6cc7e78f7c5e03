"""Sound out of a file, or of a film, as numbers."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from webui.core.errors import UserError
from webui.video.containers import container_of_file
from webui.video.encoding import file_url

Floats = npt.NDArray[np.float32]

RATE = 22050
"""Samples a second: what is heard of a rhythm or a melody lies below 11 kHz."""
LONGEST = 1800
"""Seconds; half an hour takes 80 MB."""
_PATIENCE = 300.0


@dataclass(frozen=True)
class Sound:
    """One channel of sound.

    Attributes:
        levels: (N,) whole numbers of 16 bits, `RATE` of them a second.
    """

    levels: npt.NDArray[np.int16]
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.levels) / self.rate

    def piece(self, begin: int, length: int) -> Floats:
        """(length,) of -1…1 from a sample on; silence before and behind what there is."""
        out = np.zeros(length, np.float32)
        first, last = max(begin, 0), min(begin + length, len(self.levels))
        if last > first:
            out[first - begin : last - begin] = self.levels[first:last] / np.float32(32768)
        return out


def read_sound(path: Path, longest: int = LONGEST) -> Sound:
    """The first sound of a file, all channels as one.

    Args:
        longest: seconds that are read at most.

    Raises:
        UserError: there is none that can be read, or it is too long.
    """
    reader = container_of_file(path)
    if reader is None:
        raise UserError("sound_unread", name=path.name)
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-protocol_whitelist", "file,pipe", "-f", reader, "-i", file_url(path)),
        *("-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-t", str(longest + 1)),
        *("-f", "s16le", "pipe:1"),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UserError("sound_unread", name=path.name) from error
    levels = np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], "<i2")
    if not len(levels):
        raise UserError("sound_unread", name=path.name)
    if len(levels) > longest * RATE:
        raise UserError("sound_long", name=path.name, minutes=longest // 60)
    return Sound(levels.astype(np.int16, copy=False))
