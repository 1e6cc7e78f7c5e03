"""Pictures out of a film."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import imageio_ffmpeg
from PIL import Image, UnidentifiedImageError

from webui.core.errors import UserError
from webui.video.encoding import file_url

_SECONDS = 30.0
_READERS = {".mp4": "mov", ".webm": "matroska", ".gif": "gif"}
"""By a file's ending; ffmpeg's own guess might take it for a list of other files to open."""


def still(path: Path) -> Image.Image:
    """The first picture of a film.

    Raises:
        UserError: the file is no film, or has no pictures.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error"]
    command += ["-protocol_whitelist", "file,pipe", "-f", _READERS.get(path.suffix, "mov")]
    command += ["-i", file_url(path)]
    command += ["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")
    except (subprocess.TimeoutExpired, UnidentifiedImageError) as error:
        raise UserError("film_unread", name=path.name) from error
