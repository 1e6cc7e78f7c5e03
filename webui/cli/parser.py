"""What can be said on the command line. Imports nothing heavy: `--help` is there at once."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from webui import __version__

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7860
GENERATE_FIELDS = {
    "negative": "negative_prompt",
    "model": "model",
    "sampler": "sampler",
    "schedule": "schedule",
    "steps": "steps",
    "cfg": "cfg_scale",
    "width": "width",
    "height": "height",
    "seed": "seed",
    "count": "batch_count",
    "batch-size": "batch_size",
    "clip-skip": "clip_skip",
    "noise-source": "noise_source",
    "variation-seed": "variation_seed",
    "variation-strength": "variation_strength",
    "format": "image_format",
}
"""Option of `generate` -> field of the request, which checks the value."""

_GENERATE_HELP = {
    "negative": ("TEXT", "what should not be seen"),
    "model": ("NAME", "model; without it the default one"),
    "sampler": ("NAME", "such as 'Euler a' or 'DPM++ 2M'"),
    "schedule": ("NAME", "such as Automatic or Karras"),
    "steps": ("N", "steps of the sampler"),
    "cfg": ("X", "how closely the prompt is followed"),
    "width": ("PIXELS", "a multiple of 8"),
    "height": ("PIXELS", "a multiple of 8"),
    "seed": ("N", "the same seed makes the same picture; -1 draws one"),
    "count": ("N", "how many batches, one after the other"),
    "batch-size": ("N", "how many pictures at once"),
    "clip-skip": ("N", "leave out the last N-1 layers of the text encoder"),
    "noise-source": ("nv|cpu", "noise as an NVIDIA card or as the processor draws it"),
    "variation-seed": ("N", "seed of the noise that is mixed in"),
    "variation-strength": ("X", "how much of it, 0 to 1"),
    "format": ("NAME", "png, jpeg, webp or avif"),
}


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `command` is None for serving the page.

    Values that are not given are missing, except `host`, `port`, `password` and folders (None).
    """
    return _parser("doctor" in arguments).parse_args(arguments)


def _parser(with_doctor: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="webui",
        description="Serve the page for making pictures, or make them from the shell.",
        epilog="`webui COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"Easel {__version__}")
    parser.set_defaults(data_dir=None, models_dir=None, outputs_dir=None, port=None)
    _add_folders(parser)
    _add_serving(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            argument_default=argparse.SUPPRESS,
        )
        _add_folders(added)
        return added

    _add_serving(add("serve", "serve the page (what `webui` does without a command)"))
    _add_generate(add("generate", "make pictures from a text"))
    _add_info(add("info", "print the parameters in picture files"))
    _add_jobs(add("jobs", "list, show and cancel the jobs of the running server"))
    doctor = add("doctor", "look at this machine and say what is wrong and what to do")
    doctor.add_argument("--port", type=int, metavar="N", help="port to look at")
    if with_doctor:
        from webui import doctor as doctors  # heavy

        doctors.add_arguments(doctor)
    return parser


def _add_folders(parser: argparse.ArgumentParser) -> None:
    folders = parser.add_argument_group("folders")
    words = {
        "data": "settings, history and, unless told otherwise, models and pictures",
        "models": "your models (checkpoints/, loras/, …)",
        "outputs": "where pictures are saved",
    }
    for name, meaning in words.items():
        folders.add_argument(
            f"--{name}-dir", type=Path, metavar="DIR", help=meaning, default=argparse.SUPPRESS
        )


def _add_device(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--device",
        metavar="NAME",
        help="draw on this: cpu, cuda, cuda:1, mps, xpu … (without it, the graphics card if any)",
        default=argparse.SUPPRESS,
    )


def _add_serving(parser: argparse.ArgumentParser) -> None:
    serving = parser.add_argument_group("the page")
    serving.add_argument(
        "--host",
        metavar="ADDRESS",
        help=f"listen on this address ({DEFAULT_HOST}: only this machine reaches it; "
        "0.0.0.0: all that can, with a password)",
        default=argparse.SUPPRESS,
    )
    serving.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help=f"listen on this port ({DEFAULT_PORT} or the next free one; 0: any free one)",
        default=argparse.SUPPRESS,
    )
    serving.add_argument(
        "--share",
        action="store_true",
        help="also open a public address (gradio.live), with a password",
        default=argparse.SUPPRESS,
    )
    serving.add_argument(
        "--password",
        metavar="TEXT",
        help="ask for this password (better set in EASEL_PASSWORD, which other users of the "
        "machine cannot see; where one is needed and none is set, one is made and printed)",
        default=argparse.SUPPRESS,
    )
    serving.add_argument(
        "--no-browser",
        action="store_true",
        help="do not open the page in a browser",
        default=argparse.SUPPRESS,
    )
    _add_device(serving)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", help="what should be seen")
    request = parser.add_argument_group("the picture (what is left out, suits the model)")
    for option, (metavar, words) in _GENERATE_HELP.items():
        request.add_argument(
            f"--{option}", dest=GENERATE_FIELDS[option], metavar=metavar, help=words
        )
    _add_device(request)
    result = parser.add_argument_group("the result")
    result.add_argument("--out", type=Path, metavar="DIR", help="copy the pictures to this folder")
    result.add_argument(
        "--json", action="store_true", help="print one line of JSON an event, and the result"
    )


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one line of JSON a file")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    words = {"list": "the newest jobs", "show": "one job and its pictures", "cancel": "stop a job"}
    for name, meaning in words.items():
        action = actions.add_parser(
            name,
            help=meaning,
            description=f"{meaning[0].upper()}{meaning[1:]}.",
            argument_default=argparse.SUPPRESS,
        )
        _add_folders(action)
        action.add_argument("--json", action="store_true", help="print one line of JSON a job")
        if name == "list":
            action.add_argument("--limit", type=int, metavar="N", help="how many (20)")
        else:
            action.add_argument("id", metavar="ID")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: use a number from 0 to 65535")
    return int(text)
