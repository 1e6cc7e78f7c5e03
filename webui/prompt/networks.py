"""Tags of networks that join the model for one prompt: `<lora:name:0.8>`, `<lora:name:te=0.5>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

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


def split_networks(prompt: str) -> tuple[str, tuple[Network, ...]]:
    """The prompt without its tags, and the tags in order."""
    networks = tuple(Network(tag[1], tuple(tag[2].split(":"))) for tag in _TAG.finditer(prompt))
    return _TAG.sub("", prompt), networks
