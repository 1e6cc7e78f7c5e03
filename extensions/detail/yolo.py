"""Networks of ultralytics (YOLO 5u, 8, 9, 10, 11 and 26), from the files that it writes.

Such a file is a network pickled whole. It is not opened as such: what it is made of is read as a
description (`webui.ext_worker.read_notes`), and walked here, part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as torchs


@dataclass(frozen=True)
class Part:
    """A part of a network.

    Attributes:
        kind: name of its class.
        values: its plain attributes.
        own: its tensors.
    """

    kind: str
    values: Mapping[str, Any]
    parts: Mapping[str, Part] = field(default_factory=dict)
    own: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any], tensors: Mapping[str, Tensor], name: str = "") -> Part:
        """From what a file tells and its tensors.

        Raises:
            KeyError: it tells no network.
        """
        inner = {one: cls.of(to, tensors, f"{name}{one}.") for one, to in told["parts"].items()}
        names = [one for one in tensors if one.startswith(name) and "." not in one[len(name) :]]
        own = {one[len(name) :]: tensors[one] for one in names}
        return cls(told["kind"], told["values"], inner, own)

    def __call__(self, x: Tensor) -> Tensor:
        """What it makes of (B, C, h, w).

        Raises:
            Unknown: no part of that kind is known here.
        """
        try:
            walk = _KINDS[self.kind]
        except KeyError:
            raise Unknown(self.kind) from None
        return walk(self, x)

    def __getitem__(self, name: str) -> Part:
        return self.parts[name]

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.values.get(name, default)

    @property
    def row(self) -> Sequence[Part]:
        """What it is made of, in order."""
        return list(self.parts.values())


class Unknown(ValueError):
    """A kind of part that is not known here."""


def features(network: Part, x: Tensor) -> list[Tensor]:
    """What the last layer of a network of layers is given: features from fine to coarse.

    Args:
        x: (B, 3, H, W) in 0..1, sides multiples of 32.
    """
    made: list[Tensor] = []
    *layers, head = network["model"].row
    for layer in layers:
        x = layer(_given(layer, made, x))
        made.append(x)
    return [made[place] for place in head.get("f")]


def _given(layer: Part, made: Sequence[Tensor], last: Tensor) -> Any:
    """The outputs of the layers that one is fed by; -1 is the one before."""
    where = layer.get("f", -1)
    if isinstance(where, int):
        return last if where == -1 else made[where]
    return [last if place == -1 else made[place] for place in where]


def _conv2d(part: Part, x: Tensor) -> Tensor:
    bias = part.own.get("bias")
    how = (part.get(name) for name in ("stride", "padding", "dilation", "groups"))
    return torchs.conv2d(x, part.own["weight"], bias, *how)


def _transposed(part: Part, x: Tensor) -> Tensor:
    bias, stride, padding = part.own.get("bias"), part.get("stride"), part.get("padding")
    return torchs.conv_transpose2d(x, part.own["weight"], bias, stride, padding)


def _norm(part: Part, x: Tensor) -> Tensor:
    own = part.own
    mean, variance = own["running_mean"], own["running_var"]
    return torchs.batch_norm(x, mean, variance, own["weight"], own["bias"], eps=part.get("eps"))


def _pool(part: Part, x: Tensor) -> Tensor:
    how = (part.get(name) for name in ("kernel_size", "stride", "padding", "dilation"))
    return torchs.max_pool2d(x, *how)


def _larger(part: Part, x: Tensor) -> Tensor:
    return torchs.interpolate(x, scale_factor=part.get("scale_factor"), mode=part.get("mode"))


def _joined(part: Part, given: Any) -> Tensor:
    return torch.cat(given, part.get("d", 1))


def _in_row(part: Part, x: Tensor) -> Tensor:
    for one in part.row:
        x = one(x)
    return x


def _conv(part: Part, x: Tensor) -> Tensor:
    """A convolution, its norm unless that was worked in, and what follows."""
    x = part["conv"](x)
    if "bn" in part.parts:
        x = part["bn"](x)
    return part["act"](x)


def _plus(part: Part, x: Tensor, made: Tensor) -> Tensor:
    return x + made if part.get("add") else made


def _bottleneck(part: Part, x: Tensor) -> Tensor:
    return _plus(part, x, part["cv2"](part["cv1"](x)))


def _csp(part: Part, x: Tensor) -> Tensor:
    """Half of it through a row of parts (CSPNet, arXiv:1911.11929), with three convolutions."""
    return part["cv3"](torch.cat((part["m"](part["cv1"](x)), part["cv2"](x)), 1))


def _each_kept(part: Part, x: Tensor) -> Tensor:
    """As above, but what each part of the row makes is kept for the end."""
    made = list(part["cv1"](x).chunk(2, 1))
    for one in part["m"].row:
        made.append(one(made[-1]))
    return part["cv2"](torch.cat(made, 1))


def _pyramid(part: Part, x: Tensor) -> Tensor:
    """Spatial pyramid pooling, by one pool several times."""
    made = [part["cv1"](x)]
    for _ in range(part.get("n", 3)):
        made.append(part["m"](made[-1]))
    return _plus(part, x, part["cv2"](torch.cat(made, 1)))


def _elan_pyramid(part: Part, x: Tensor) -> Tensor:
    made = [part["cv1"](x)]
    for name in ("cv2", "cv3", "cv4"):
        made.append(part[name](made[-1]))
    return part["cv5"](torch.cat(made, 1))


def _elan(part: Part, x: Tensor) -> Tensor:
    """Layers whose parts are all kept (YOLOv9, arXiv:2402.13616)."""
    made = list(part["cv1"](x).chunk(2, 1))
    for name in ("cv2", "cv3"):
        made.append(part[name](made[-1]))
    return part["cv4"](torch.cat(made, 1))


def _down(part: Part, x: Tensor) -> Tensor:
    """Half of the channels by a convolution, half by a pool (YOLOv9)."""
    x = torchs.avg_pool2d(x, 2, 1, 0, False, True)
    one, other = x.chunk(2, 1)
    return torch.cat((part["cv1"](one), part["cv2"](torchs.max_pool2d(other, 3, 2, 1))), 1)


def _averaged(part: Part, x: Tensor) -> Tensor:
    return part["cv1"](torchs.avg_pool2d(x, 2, 1, 0, False, True))


def _several(part: Part, x: Tensor) -> Tensor:
    """Two convolutions side by side (RepVGG, arXiv:2101.03697)."""
    return part["act"](part["conv1"](x) + part["conv2"](x))


def _deep(part: Part, x: Tensor) -> Tensor:
    return part["act"](part["conv"](x) + part["conv1"](x))


def _attention(part: Part, x: Tensor) -> Tensor:
    """Every place looks at every other one, and adds where it is."""
    count, wide, height, width = x.shape
    heads, key, head = (part.get(name) for name in ("num_heads", "key_dim", "head_dim"))
    rows = part["qkv"](x).view(count, heads, 2 * key + head, height * width)
    asked, keys, values = rows.split([key, key, head], 2)
    seen = (asked.transpose(-2, -1) @ keys * key**-0.5).softmax(-1)
    mixed = (values @ seen.transpose(-2, -1)).view(count, wide, height, width)
    return part["proj"](mixed + part["pe"](values.reshape(count, wide, height, width)))


def _attended(part: Part, x: Tensor) -> Tensor:
    for name in ("attn", "ffn"):
        made = part[name](x)
        x = x + made if part.get("add", True) else made
    return x


def _half_attended(part: Part, x: Tensor) -> Tensor:
    """Half of it through attention (YOLO 10 and 11)."""
    kept, other = part["cv1"](x).chunk(2, 1)
    other = part["m"](other) if "m" in part.parts else _attended(part, other)
    return part["cv2"](torch.cat((kept, other), 1))


_KINDS: Mapping[str, Callable[[Part, Any], Tensor]] = {
    "Conv2d": _conv2d,
    "ConvTranspose2d": _transposed,
    "BatchNorm2d": _norm,
    "MaxPool2d": _pool,
    "Upsample": _larger,
    "Concat": _joined,
    "Sequential": _in_row,
    "Identity": lambda part, x: x,
    "SiLU": lambda part, x: torchs.silu(x),
    "ReLU": lambda part, x: torchs.relu(x),
    **dict.fromkeys(("Conv", "DWConv"), _conv),
    **dict.fromkeys(("Bottleneck", "RepBottleneck"), _bottleneck),
    **dict.fromkeys(("C3", "C3k", "RepCSP"), _csp),
    **dict.fromkeys(("C2f", "C3k2", "C2fCIB"), _each_kept),
    "SPPF": _pyramid,
    "SPPELAN": _elan_pyramid,
    **dict.fromkeys(("RepNCSPELAN4", "ELAN1"), _elan),
    "ADown": _down,
    "AConv": _averaged,
    "RepConv": _several,
    "RepVGGDW": _deep,
    "CIB": lambda part, x: _plus(part, x, part["cv1"](x)),
    "SCDown": lambda part, x: part["cv2"](part["cv1"](x)),
    "Attention": _attention,
    "PSABlock": _attended,
    **dict.fromkeys(("C2PSA", "PSA"), _half_attended),
    "Proto": lambda part, x: part["cv3"](part["cv2"](part["upsample"](part["cv1"](x)))),
}
"""What each kind of part does."""
