"""Pictures out of a film: the first one, or one after the other."""

from __future__ import annotations

import io
import re
import subprocess
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from webui.core.errors import UserError
from webui.video.containers import container_of_file
from webui.video.encoding import file_url

Levels = npt.NDArray[np.uint8]
"""(H, W, 3) RGB."""

_SECONDS = 30.0
_COUNTING_SECONDS = 300.0
_HELD = 4
_RATE = re.compile(rb"Video:.*?, ([0-9.]+)(k?) fps", re.DOTALL)
_LENGTH = re.compile(rb"Duration: (\d+):(\d+):([0-9.]+)")
_TIME = re.compile(rb"time=\d")
_COUNT = re.compile(rb"frame=\s*(\d+)")


def still(path: Path) -> Image.Image:
    """The first picture of a film.

    Raises:
        UserError: the file is no film, or has no pictures.
    """
    command = [*_reading(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1"]
    try:
        done = _run(command, _SECONDS)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")
    except (subprocess.TimeoutExpired, UnidentifiedImageError) as error:
        raise UserError("film_unread", name=path.name) from error


@dataclass(frozen=True)
class FilmInfo:
    """What is known of a film.

    Attributes:
        frames: how many pictures it has; where it is damaged, maybe fewer can be read.
        width, height: as it is seen (turned by what the file says), in pixels.
        fps: pictures a second on average; 0 where the file does not tell.
    """

    frames: int
    width: int
    height: int
    fps: float


def film_info(path: Path) -> FilmInfo:
    """Count a film's pictures, without decoding more than the first.

    Raises:
        UserError: the file is no film, or has no pictures.
    """
    width, height = still(path).size
    counting = [*_reading(path, "info"), "-map", "0:v:0", "-c", "copy", "-f", "null", "-"]
    try:
        printed = _run(counting, _COUNTING_SECONDS).stderr
    except subprocess.TimeoutExpired as error:
        raise UserError("film_unread", name=path.name) from error
    counts, rate = _COUNT.findall(printed), _RATE.search(printed)
    fps = float(rate[1]) * (1000 if rate[2] else 1) if rate else 0.0
    return FilmInfo(int(counts[-1]) if counts else 1, width, height, fps)


@dataclass(frozen=True)
class SoundInfo:
    """What is known of a sound: its length in seconds, 0 where the file does not tell."""

    seconds: float


def sound_info(path: Path) -> SoundInfo:
    """How long a file sounds; also a film's sound.

    Raises:
        UserError: the file has no sound that can be read.
    """
    command = [*_reading(path, "info"), "-map", "0:a:0", "-t", "1", "-f", "null", "-"]
    try:
        done = _run(command, _SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UserError("sound_unread", name=path.name) from error
    if done.returncode or not _TIME.search(done.stderr):
        raise UserError("sound_unread", name=path.name)
    found = _LENGTH.search(done.stderr)
    hours, minutes, seconds = (float(part) for part in found.groups()) if found else (0, 0, 0)
    return SoundInfo(hours * 3600 + minutes * 60 + seconds)


class FilmReader:
    """The pictures of a film by their number; made for going through them in their order.

    Close it, or use it in a `with`.
    """

    def __init__(self, path: Path, size: tuple[int, int], places: Sequence[int]) -> None:
        """Open nothing yet.

        Args:
            size: width and height of the film, see `FilmInfo`.
            places: number -> which picture of the film that is; going up.
        """
        self._path = path
        self._size = size
        self._places = places
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0
        """The picture of the film that is read next."""
        self._held: OrderedDict[int, Levels] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> FilmReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def frame(self, number: int) -> Levels:
        """A picture, (H, W, 3) RGB at the film's size; behind the end the last one.

        Raises:
            UserError: there is none.
        """
        if not self._places:
            raise UserError("film_unread", name=self._path.name)
        place = self._places[min(max(number, 0), len(self._places) - 1)]
        if place not in self._held:
            self._read_to(place)
        return self._held.get(place, next(reversed(self._held.values())))

    def close(self) -> None:
        """End the program that reads."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def _read_to(self, place: int) -> None:
        """Read on; from the beginning if that picture has gone by."""
        if self._process is None or self._next > place:
            self.close()
            self._next = 0
            raw = ["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo"]
            line = [*_reading(self._path), *raw, "-pix_fmt", "rgb24", "pipe:1"]
            self._process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        pipe = self._process.stdout
        assert pipe is not None
        while self._next <= place:
            levels = self._read(pipe)
            if levels is None:
                break
            self._hold(self._next, levels)
            self._next += 1
        if not self._held:
            raise UserError("film_unread", name=self._path.name)

    def _read(self, pipe: IO[bytes]) -> Levels | None:
        width, height = self._size
        data = pipe.read(width * height * 3)
        if len(data) < width * height * 3:
            return None
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)

    def _hold(self, place: int, levels: Levels) -> None:
        self._held[place] = levels
        while len(self._held) > _HELD:
            self._held.popitem(last=False)


def _reading(path: Path, level: str = "error") -> list[str]:
    """Whatever the file asks for, nothing else is opened."""
    reader = container_of_file(path)
    if reader is None:
        raise UserError("film_unread", name=path.name)
    return [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", level, "-nostdin"),
        *("-protocol_whitelist", "file,pipe", "-f", reader, "-i", file_url(path)),
    ]


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
    )
