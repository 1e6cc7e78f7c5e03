"""What ffmpeg is told for each kind of film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from webui.core.film import FilmFormat

EVEN = "pad=ceil(iw/2)*2:ceil(ih/2)*2"
"""Colours at half the resolution need even sides: a black row or column where one is missing."""
_ONLY_FILES = ["-protocol_whitelist", "file,pipe"]
"""Whatever a file asks for, nothing else is opened."""
_FINEST = 1001
_PALETTE = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1"
"""A palette for each picture, so that not all of them need be held."""


@dataclass(frozen=True)
class Encoding:
    """How a film is written.

    Attributes:
        fps: pictures a second, above 0.
        crf, preset: see `Film`.
    """

    format: FilmFormat = "mp4"
    fps: float = 15.0
    crf: int = 17
    preset: str = "slow"


def command(width: int, height: int, encoding: Encoding, out: Path) -> list[str]:
    """ffmpeg's command line: raw RGB pictures come on its standard input."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    rate = Fraction(encoding.fps).limit_denominator(_FINEST)  # 30000/1001 stays what it is
    given = [*raw, "-r", str(rate), *_ONLY_FILES, "-i", "pipe:0"]
    return [*_start(), *given, "-an", *_OF[encoding.format](encoding), file_url(out)]


def sound_command(
    film: Path, sound: Path, format: FilmFormat, seconds: float, out: Path
) -> list[str]:
    """ffmpeg's command line: a film with the sound of a file, cut or continued by silence."""
    given = [*_ONLY_FILES, "-i", file_url(film), *_ONLY_FILES, "-i", file_url(sound)]
    streams = ["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a", SOUND[format]]
    length = ["-af", "apad", "-t", f"{seconds:.6f}"]
    return [*_start(), *given, *streams, *length, "-f", format, file_url(out)]


def _start() -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"]


def file_url(path: Path) -> str:
    """A file as ffmpeg cannot misread it, whatever its name begins with."""
    return f"file:{path.resolve()}"


def _mp4(encoding: Encoding) -> list[str]:
    quality = ["-crf", str(encoding.crf), "-preset", encoding.preset]
    codec = ["-c:v", "libx264", *quality, "-pix_fmt", "yuv420p", "-vf", EVEN]
    return [*codec, "-movflags", "+faststart", "-f", "mp4"]


def _webm(encoding: Encoding) -> list[str]:
    codec = ["-c:v", "libvpx-vp9", "-crf", str(encoding.crf), "-b:v", "0", "-row-mt", "1"]
    return [*codec, "-pix_fmt", "yuv420p", "-vf", EVEN, "-f", "webm"]


def _gif(encoding: Encoding) -> list[str]:
    return ["-vf", _PALETTE, "-loop", "0", "-f", "gif"]


def _apng(encoding: Encoding) -> list[str]:
    return ["-c:v", "apng", "-plays", "0", "-f", "apng"]


def _webp(encoding: Encoding) -> list[str]:
    return ["-c:v", "libwebp_anim", "-quality", "90", "-loop", "0", "-f", "webp"]


_OF = {"mp4": _mp4, "webm": _webm, "gif": _gif, "apng": _apng, "webp": _webp}
SOUND: Mapping[str, str] = {"mp4": "aac", "webm": "libopus"}
"""Formats that can have sound, and how it is written."""
