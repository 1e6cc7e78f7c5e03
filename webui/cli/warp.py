"""`webui warp`: one frame's motion done to a picture, for trying a move."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from webui.cli.animate import read_plan
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.core.files import PUBLIC, write_atomically
from webui.imaging.ingest import opened
from webui.library.pictures import ImageFormat, encode
from webui.motion.depth import depth_of_file
from webui.motion.moves import motion_of, moved
from webui.timeline.frames import finding_data
from webui.timeline.plan import Plan

FORMATS: Mapping[str, ImageFormat] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
}
"""Of the result, by the end of its name."""
QUALITY = 95
"""Of formats that lose something."""


def run(options: argparse.Namespace, language: str) -> int:
    """Write the moved picture; the exit code is 2 if the settings have an error, 1 for others."""
    plan = read_plan(options.settings)
    errors = plan.errors if isinstance(plan, Plan) else (plan,)
    for found in errors:
        message = finding_data(found, language)["message"]
        print(f"webui: {options.settings}: {message}", file=sys.stderr)
    if not isinstance(plan, Plan) or errors:
        return 2
    try:
        _warp(plan, options)
    except UserError as error:
        print(f"webui: {worded(error.problem, language)}", file=sys.stderr)
        return 1
    return 0


def _warp(plan: Plan, options: argparse.Namespace) -> None:
    out: Path = options.out.expanduser()
    frame: int = options.frame
    if out.suffix.lower() not in FORMATS:
        raise UserError("warp_format", name=out.name, endings=", ".join(FORMATS))
    if not 0 <= frame < plan.frames:
        raise UserError("warp_frame", frame=frame, last=plan.frames - 1)
    motion = motion_of(plan, frame).by_depth_picture()
    levels = np.asarray(opened(_read(options.picture)), np.uint8)
    depth = depth_of_file(_read(options.depth)) if "depth" in options else None
    image = Image.fromarray(moved(levels, motion, depth))
    data = encode(image, FORMATS[out.suffix.lower()], QUALITY, "")
    write_atomically(out, data, PUBLIC)


def _read(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise UserError("cannot_read", name=str(path), reason=error.strerror or "?") from error
