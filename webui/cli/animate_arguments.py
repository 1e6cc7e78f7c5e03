"""What `webui animate` takes."""

from __future__ import annotations

import argparse
from pathlib import Path


def _after(text: str) -> dict[str, str | int]:
    """A job's id and, behind a colon, the frame that is drawn first."""
    job, colon, frame = text.partition(":")
    if not job or (colon and not frame.isdecimal()):
        raise argparse.ArgumentTypeError("expected JOB or JOB:FRAME")
    return {"job": job, "frame": int(frame)} if colon else {"job": job}


def add_animate(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("files", nargs="*", type=Path, default=[], metavar="SETTINGS.json")
    parser.add_argument(
        "--plan",
        action="store_true",
        help="print what every frame would be made with, without loading a model",
    )
    left_out = argparse.SUPPRESS
    parser.add_argument(
        "--json",
        action="store_true",
        default=left_out,
        help="print lines of JSON: with --plan one a file, else one an event and the result",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", default=left_out, help="copy the frames there"
    )
    parser.add_argument(
        "--model", metavar="NAME", default=left_out, help="the model (the default one)"
    )
    _add_drawing(parser)


def _add_drawing(parser: argparse.ArgumentParser) -> None:
    left_out = argparse.SUPPRESS
    parser.add_argument(
        "--after",
        type=_after,
        metavar="JOB[:FRAME]",
        default=left_out,
        help="go on from another animation's frames; without SETTINGS.json as that one would",
    )
    parser.add_argument(
        "--draft",
        type=float,
        metavar="SCALE",
        default=left_out,
        help="draw at this share of W and H, e.g. 0.5, for a quick look",
    )
    parser.add_argument(
        "--storage",
        choices=("native", "fp8", "8bit", "4bit"),
        default=left_out,
        help="keep the model in fewer bits, which takes less memory and more time",
    )
    parser.add_argument(
        "--motion-only",
        action="store_true",
        default=left_out,
        help="draw nothing: move the first picture, or a test card, as planned",
    )
    parser.add_argument(
        "--film",
        metavar="FORMAT",
        default=left_out,
        help="make a film of the frames, too: mp4, webm, gif, apng, webp, or a zip of them",
    )
    _add_film(parser.add_argument_group("the film"))


def _add_film(film: argparse._ArgumentGroup) -> None:
    left_out = argparse.SUPPRESS
    film.add_argument(
        "--sound",
        type=Path,
        metavar="FILE",
        default=left_out,
        help="its sound, cut or continued by silence (that of the settings)",
    )
    film.add_argument(
        "--interpolate",
        type=int,
        metavar="N",
        default=left_out,
        help="so many times as many pictures a second",
    )
    film.add_argument(
        "--interpolator",
        metavar="NAME",
        default=left_out,
        help="what draws those between: an extension's, or 'Optical flow' (as the settings say)",
    )
    film.add_argument(
        "--slow", type=float, metavar="N", default=left_out, help="so many times as long"
    )
    film.add_argument(
        "--subtitles",
        action="store_true",
        default=left_out,
        help="show what each frame was made with",
    )
