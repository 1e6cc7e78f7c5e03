"""What kind of film or sound a file is, by how it begins."""

from __future__ import annotations

from pathlib import Path

_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
_HEADS = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"GIF8", "gif"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpegvideo"),
    (b"0&\xb2u\x8ef\xcf\x11", "asf"),
    (b"FLV", "flv"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"ID3", "mp3"),
)
_PACKET = 188
MEDIA_TYPES = {
    "mov": "video/mp4",
    "matroska": "video/webm",
    "avi": "video/x-msvideo",
    "gif": "image/gif",
    "mpeg": "video/mpeg",
    "mpegvideo": "video/mpeg",
    "mpegts": "video/mp2t",
    "asf": "video/x-ms-asf",
    "flv": "video/x-flv",
    "ogg": "video/ogg",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "aac": "audio/aac",
}
"""By ffmpeg's name of the reader."""


def container_of(head: bytes) -> str | None:
    """ffmpeg's reader for a file that begins like this; None if it is no film and no sound.

    It is named to ffmpeg, whose own guess might take a file for a list of others to open.

    head: the first 200 bytes, or all there are.
    """
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    for mark, name in _HEADS:
        if head.startswith(mark):
            return name
    if head[:1] == b"\x47" and head[_PACKET : _PACKET + 1] == b"\x47":
        return "mpegts"
    return _bare_sound(head)


def container_of_file(path: Path) -> str | None:
    """The same for a file; None also where it cannot be read."""
    try:
        with path.open("rb") as file:
            return container_of(file.read(200))
    except OSError:
        return None


def _bare_sound(head: bytes) -> str | None:
    """Sound without a container begins with the mark of its first frame (ISO 11172-3, 13818-7)."""
    if len(head) < 2 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 else None
