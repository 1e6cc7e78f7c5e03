"""What ffmpeg is told for each kind of film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg

from webui.core.film import FilmFormat
from webui.video.containers import container_of_file

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


@dataclass(frozen=True)
class Beside:
    """What comes with the pictures of a film.

    Attributes:
        seconds: how long the film is.
        sound: a file with sound; None for none.
        start: seconds that are left out at its beginning.
        subtitles: a file of SubRip's; None for none.
    """

    seconds: float
    sound: Path | None = None
    start: float = 0.0
    subtitles: Path | None = None


def command(width: int, height: int, encoding: Encoding, out: Path) -> list[str]:
    """ffmpeg's command line: raw RGB pictures come on its standard input."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    rate = Fraction(encoding.fps).limit_denominator(_FINEST)  # 30000/1001 stays what it is
    given = [*raw, "-r", str(rate), *_ONLY_FILES, "-i", "pipe:0"]
    return [*_start(), *given, "-an", *_OF[encoding.format](encoding), file_url(out)]


def joining_command(film: Path, beside: Beside, format: FilmFormat, out: Path) -> list[str]:
    """ffmpeg's command line: a film with sound, cut or continued by silence, and subtitles."""
    given = [*_ONLY_FILES, "-i", file_url(film)]
    streams = ["-map", "0:v:0", "-c:v", "copy"]
    count = 1
    if beside.sound is not None:
        given += ["-ss", f"{beside.start:.6f}", *_ONLY_FILES, *_reader(beside.sound)]
        given += ["-i", file_url(beside.sound)]
        streams += ["-map", f"{count}:a:0", "-c:a", SOUND[format], "-af", "apad"]
        count += 1
    if beside.subtitles is not None:
        given += [*_ONLY_FILES, "-f", "srt", "-i", file_url(beside.subtitles)]
        streams += ["-map", f"{count}:s:0", "-c:s", SUBTITLES[format]]
    whole = ["-movflags", "+faststart"] if format == "mp4" else []
    length = ["-t", f"{beside.seconds:.6f}"]
    return [*_start(), *given, *streams, *length, *whole, "-f", format, file_url(out)]


def _reader(path: Path) -> list[str]:
    """What the file is, named to ffmpeg, whose own guess might be a list of other files."""
    reader = container_of_file(path)
    return ["-f", reader] if reader else []


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
SUBTITLES: Mapping[str, str] = {"mp4": "mov_text", "webm": "webvtt"}
"""Formats that can have subtitles, and how they are written."""
