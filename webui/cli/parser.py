"""What can be said on the command line. Imports nothing heavy: `--help` is there at once."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from webui import __version__
from webui.cli.actions import Actions, actions_of, add_folders, added
from webui.cli.animate_arguments import add_animate
from webui.cli.download_arguments import add_download
from webui.cli.extension_arguments import add_extensions
from webui.cli.making import MAKING, add_making
from webui.cli.options import COMMANDS, FROM_PICTURES, GROUPS, PICTURES, PROMPTED, Option
from webui.cli.plot_arguments import add_plot
from webui.core.kinds import MODEL_KINDS, MODEL_ORDERS

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7860
_SIZE = re.compile(r"(\d{1,5})[xX](\d{1,5})")


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `command` is None for serving the page.

    Values that are not given are missing, except `host`, `port`, `password` and folders (None).
    """
    parser = _parser("doctor" in arguments)
    options = parser.parse_args(arguments)
    if options.command == "animate" and not options.files and "after" not in options:
        parser.error("animate: name a SETTINGS.json, or --after JOB")
    if options.command == "upscale" and bool(options.files) == ("job" in options):
        parser.error("upscale: name pictures, or --job ID")
    return options


def _parser(with_doctor: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="webui",
        description="Serve the page for making pictures, or make them from the shell.",
        epilog="`webui COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"Easel {__version__}")
    parser.set_defaults(data_dir=None, models_dir=None, outputs_dir=None, port=None)
    add_folders(parser)
    _add_serving(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def add(name: str, words: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            argument_default=argparse.SUPPRESS,
        )
        add_folders(added)
        return added

    _add_serving(add("serve", "serve the page (what `webui` does without a command)"))
    for command, meaning in COMMANDS.items():
        _add_request(add(command, meaning), command)
    add_animate(add("animate", "render animations from their settings, or work out their plan"))
    _add_warp(add("warp", "move a picture as one frame of an animation does"))
    _add_info(add("info", "print the parameters in picture files"))
    _add_jobs(add("jobs", "list, show and cancel the jobs of the running server"))
    _add_models(add("models", "list, describe, hash, download, merge and convert models"))
    add_extensions(add("extensions", "list and switch extensions, run theirs"))
    doctor = add("doctor", "look at this machine and say what is wrong and what to do")
    doctor.add_argument("--port", type=int, metavar="N", help="port to look at")
    if with_doctor:
        from webui import doctor as doctors  # heavy

        doctors.add_arguments(doctor)
    return parser


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
    serving.add_argument(
        "--safe",
        action="store_true",
        help="load no extensions, should one keep the page from starting",
        default=argparse.SUPPRESS,
    )
    _add_device(serving)


def _add_request(parser: argparse.ArgumentParser, command: str) -> None:
    """A command that makes pictures."""
    parser.usage = "%(prog)s " + " ".join(
        words
        for words, commands in (("FILE [FILE ...]", FROM_PICTURES), ("PROMPT", PROMPTED))
        if command in commands
    )
    parser.usage += " [OPTION ...]"
    if command == "upscale":
        parser.usage = "%(prog)s {FILE [FILE ...] | --job ID} [OPTION ...]"
    if command in FROM_PICTURES:
        words = "a picture, or several, or a folder of them: one job each, and names are kept then"
        many = "*" if command == "upscale" else "+"  # there a job may take their place
        parser.add_argument("files", nargs=many, type=Path, metavar="FILE", default=[], help=words)
    if command in PROMPTED:
        words = "what should be seen" + (' (may be "")' if command in FROM_PICTURES else "")
        parser.add_argument("prompt", metavar="PROMPT", help=words)
    for group in GROUPS[command]:
        added = parser.add_argument_group(group.title)
        for name, option in group.options.items():
            _add_option(added, name, option)
        if "model" in group.options:
            if command in PROMPTED:
                _add_references(added)
            _add_device(added)
    if command in PROMPTED:
        add_plot(parser)
    result = parser.add_argument_group("the files")
    if command in PROMPTED & FROM_PICTURES:
        words = "begin with the parameters in each file; what is said here counts more"
        result.add_argument("--reuse", action="store_true", help=words)
    result.add_argument("--out", type=Path, metavar="DIR", help="copy the pictures to this folder")
    result.add_argument(
        "--json", action="store_true", help="print one line of JSON an event, and the result"
    )


def _add_references(group: argparse._ArgumentGroup) -> None:
    words = "a picture that {image:NAME} in the prompt means; without NAME, {image} does"
    group.add_argument(
        "--image", action="append", dest="references", metavar="[NAME=]FILE", help=words
    )


def _add_option(group: argparse._ArgumentGroup, name: str, option: Option) -> None:
    common: dict[str, Any] = {"dest": option.field, "help": option.words}
    if option.metavar is None:
        group.add_argument(f"--{name}", action="store_const", const=option.value, **common)
    elif len(option.fields) == 2:
        group.add_argument(f"--{name}", action=_Size, metavar=option.metavar, **common)
    else:
        if option.field in PICTURES:
            common["type"] = Path
        group.add_argument(f"--{name}", metavar=option.metavar, **common)


class _Size(argparse.Action):
    """`1024x768` into two fields."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        size = _SIZE.fullmatch(values)
        if size is None:
            raise argparse.ArgumentError(self, f"{values} is not a size: write it as 1024x768")
        for field, side in zip(self.dest.split(), size.groups(), strict=True):
            setattr(namespace, field, side)


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one line of JSON a file")


def _add_warp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", type=Path, metavar="IN.png")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="the animation's settings"
    )
    parser.add_argument(
        "--frame", type=int, required=True, metavar="N", help="whose motion, from 0"
    )
    parser.add_argument(
        "--depth",
        type=Path,
        metavar="FILE",
        help="in 3D, how far each pixel is: white is near, black is far (without it, a plane)",
    )


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    actions = actions_of(parser)
    words = {"list": "the newest jobs", "show": "one job and its pictures", "cancel": "stop a job"}
    for name, action in added(actions, words):
        action.add_argument("--json", action="store_true", help="print one line of JSON a job")
        if name == "list":
            action.add_argument("--limit", type=int, metavar="N", help="how many (20)")
        else:
            action.add_argument("id", metavar="ID")


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = actions_of(parser)
    words = {
        "list": "all models, or some of them",
        "info": "all that is known of a model",
        "hash": "SHA-256 and AutoV3 of models' files, computed once",
        "known": "well-known models that can be downloaded by their names",
    }
    for name, action in added(actions, words):
        action.add_argument("--json", action="store_true", help="print one line of JSON a model")
        kinds = f"of this kind alone: {', '.join(MODEL_KINDS)}"
        action.add_argument("--kind", choices=MODEL_KINDS, metavar="KIND", help=kinds)
        if name == "known":
            action.add_argument("--search", metavar="WORDS", help="in names, titles, licences")
        elif name == "list":
            action.add_argument(
                "--family", metavar="NAME", help="of these alone: sd1, sdxl, flux …"
            )
            action.add_argument("--search", metavar="WORDS", help="in names, titles, tags, notes")
            action.add_argument("--sort", choices=MODEL_ORDERS, help="in this order (name)")
        else:
            called = "name, file's name, title, hash or id"
            called += "; none: all that have no hashes yet" if name == "hash" else ""
            many = "*" if name == "hash" else "+"
            action.add_argument("names", nargs=many, default=[], metavar="MODEL", help=called)
    _add_shelf(actions)
    for name, action in added(actions, MAKING):
        add_making(action, name)
    words = {"download": "bring a model here from the net"}
    for _, action in added(actions, words, "; one that broke off goes on"):
        add_download(action)


def _add_shelf(actions: Actions) -> None:
    words = {
        "disk": "what models take of the disk, what is there twice, what was used when",
        "trash": "deleted models: list them, or delete them for good",
        "restore": "put deleted models back where they were",
        "delete": "move models to the trash, with the words and pictures beside them",
    }
    for name, action in added(actions, words):
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "trash":
            action.add_argument("--empty", action="store_true", help="delete all for good")
            action.add_argument("--drop", nargs="+", metavar="ID", help="delete these for good")
        elif name == "restore":
            action.add_argument("ids", nargs="+", metavar="ID", help="as `trash` lists them")
        elif name == "delete":
            _add_names(action)


def _add_names(action: argparse.ArgumentParser) -> None:
    action.add_argument("--kind", choices=MODEL_KINDS, metavar="KIND", help="of this kind")
    action.add_argument("--yes", action="store_true", help="without being asked")
    words = "name, file's name, title, hash or id"
    action.add_argument("names", nargs="+", metavar="MODEL", help=words)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port: use a number from 0 to 65535")
    return int(text)
