"""Tags of networks that join the model for one prompt: `<lora:name:0.8>`, `<lora:name:te=0.5>`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webui.core.errors import UserError

LORA = ("lora", "lyco")
"""Kinds of tags that mean a LoRA."""

_TAG = re.compile(r"<(\w+):([^>]+)>")


@dataclass(frozen=True)
class Network:
    """One tag.

    Attributes:
        kind: what stands before the first colon: `lora`, `hypernet`, …
        items: what stands between the other colons; the first one is the name.
    """

    kind: str
    items: tuple[str, ...]

    @property
    def positional(self) -> tuple[str, ...]:
        """The items without `=`."""
        return tuple(item for item in self.items if "=" not in item)

    @property
    def named(self) -> dict[str, str]:
        """The items with `=`."""
        return dict(item.split("=", 1) for item in self.items if "=" in item)


@dataclass(frozen=True)
class LoraTag:
    """What `<lora:name:text:unet:dyn>` says, or `<lora:name:te=…:unet=…:dyn=…>`.

    Attributes:
        text: strength for the text encoders, 1 where none is written.
        unet: the same for the UNet; as for the text encoders where none is written.
        dyn: how many of its ranks to take, None for all.
    """

    name: str
    text: float = 1.0
    unet: float = 1.0
    dyn: int | None = None


def with_always(
    loras: Iterable[tuple[str, float]], networks: Sequence[Network]
) -> tuple[Network, ...]:
    """The networks of a prompt, after those that are always joined and that it does not name.

    Args:
        loras: names and weights.
    """
    names = {network.items[0].strip().casefold() for network in networks if network.kind in LORA}
    always = (
        Network("lora", (name, f"{weight:g}"))
        for name, weight in loras
        if name.casefold() not in names
    )
    return (*always, *networks)


def read_lora(network: Network) -> LoraTag:
    """Read a tag as A1111 does.

    Raises:
        UserError: a strength is no number.
    """
    name, *values = network.positional or ("",)
    named = network.named

    def said(place: int, key: str) -> str | None:
        return named.get(key, values[place] if place < len(values) else None)

    try:
        text = _number(said(0, "te"), 1.0)
        unet = _number(said(1, "unet"), text)
        dyn = said(2, "dyn")
        return LoraTag(name.strip(), text, unet, None if dyn is None else max(int(dyn), 0))
    except ValueError as error:
        tag = f"<{network.kind}:{':'.join(network.items)}>"
        raise UserError("lora_strength", "prompt", tag=tag[:200]) from error


def _number(text: str | None, usual: float) -> float:
    value = usual if text is None else float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def split_networks(prompt: str) -> tuple[str, tuple[Network, ...]]:
    """The prompt without its tags, and the tags in order."""
    networks = tuple(Network(tag[1], tuple(tag[2].split(":"))) for tag in _TAG.finditer(prompt))
    return _TAG.sub("", prompt), networks
