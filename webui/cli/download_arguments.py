"""What `webui models download` takes."""

from __future__ import annotations

import argparse

from webui.core.kinds import MODEL_KINDS


def add_download(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a name of `webui models known`, an address (https://…), "
        "owner/name[/file][@revision] on Hugging Face, or civitai:model[@version]; "
        "tokens are read from HF_TOKEN and CIVITAI_TOKEN",
    )
    parser.add_argument(
        "--to", type=model_kind, metavar="KIND", help="whose folder it goes to: loras, vae …"
    )
    parser.add_argument("--name", dest="file_name", metavar="NAME", help="call it so")
    parser.add_argument("--sha256", metavar="HASH", help="take no other file than this one")
    parser.add_argument("--precision", choices=("fp16", "full"), help="where there are both (fp16)")
    parser.add_argument(
        "--allow-pickle",
        action="store_true",
        help="take a file that could run code when it is loaded",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one line of JSON an event, and the result"
    )


def model_kind(text: str) -> str:
    """`lora`, `loras`, `LoRAs`."""
    name = text.casefold().replace("-", "_")
    kind = name if name in MODEL_KINDS else name.removesuffix("s")
    if kind not in MODEL_KINDS:
        kinds = ", ".join(MODEL_KINDS)
        raise argparse.ArgumentTypeError(f"{text} is no kind of model: use one of {kinds}")
    return kind
