"""The options of the commands that write models. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

MAKING: Mapping[str, str] = {
    "merge": "make a checkpoint of two or three",
    "convert": "write a checkpoint anew, as .safetensors",
}
"""Command -> what it does."""

_METHODS = ("weighted_sum", "add_difference", "slerp", "triple_sum")
_PRECISIONS = ("fp32", "fp16", "bf16", "fp8")
_TAKEN = ("merged", "a", "b", "c")
_MODEL = "name, file's name, title or hash"


def add_making(parser: argparse.ArgumentParser, command: str) -> None:
    """What can be said of one."""
    if command == "merge":
        _add_merge(parser)
    else:
        parser.add_argument("model", metavar="MODEL", help=_MODEL)
        parser.add_argument("--extract", choices=("vae",), help="write only its autoencoder")
        parser.add_argument(
            "--layout", choices=("single", "folder"), help="one file, or a folder of diffusers"
        )
    parser.add_argument(
        "--precision",
        choices=_PRECISIONS,
        help="of the numbers (without it, as they are); fp8: of the network's matrices",
    )
    parser.add_argument(
        "--prune", action="store_true", help="leave out averages of the training (EMA)"
    )
    parser.add_argument(
        "--bake-vae", metavar="NAME", help="put this autoencoder in the place of the model's"
    )
    parser.add_argument(
        "--out",
        metavar="[FOLDER/]NAME",
        help="what the result is called, and in which folder among the checkpoints it lies",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON an event, and the result"
    )


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model_a", metavar="A", help=_MODEL)
    parser.add_argument("model_b", metavar="B", help="the same")
    parser.add_argument("model_c", metavar="C", nargs="?", help="where the method takes three")
    parser.add_argument(
        "--method",
        choices=_METHODS,
        help="A + (B - A) m (without it), A + (B - C) m, from A to B on an arc, or "
        "A + (B - A) m + (C - A) n",
    )
    parser.add_argument("--multiplier", "-m", metavar="M", help="0 is all of A, 1 all of B (0.5)")
    parser.add_argument("--multiplier-2", "-n", metavar="N", help="of C in a triple sum (0.5)")
    parser.add_argument(
        "--blocks",
        metavar="TEXT",
        help="m of each block: a preset (GRAD_V, COSINE …), 25 or 26 numbers (SDXL: 19 or 20) "
        "with commas, or those that differ, as 'IN04:0.3,M00:1'",
    )
    for part in ("text-encoder", "vae"):
        parser.add_argument(f"--{part}", choices=_TAKEN, help="whose (merged)")
