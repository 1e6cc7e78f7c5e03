"""A small network as ultralytics writes it: pickled whole, by classes that are not here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn


class Conv(nn.Module):
    def __init__(self, taken: int, made: int, side: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(taken, made, side, stride, side // 2, bias=False)
        self.bn = nn.BatchNorm2d(made, eps=1e-3)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, count: int, add: bool) -> None:
        super().__init__()
        self.cv1, self.cv2, self.add = Conv(count, count, 3), Conv(count, count, 3), add

    def forward(self, x: Tensor) -> Tensor:
        made = self.cv2(self.cv1(x))
        return x + made if self.add else made


class C2f(nn.Module):
    def __init__(self, taken: int, made: int, add: bool) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(taken, made), Conv(made // 2 * 4, made)
        self.m = nn.ModuleList(Bottleneck(made // 2, add) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.cv1(x).chunk(2, 1)
        third = self.m[0](other)
        return self.cv2(torch.cat((one, other, third, self.m[1](third)), 1))


class SPPF(nn.Module):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(count, count // 2), Conv(count * 2, count)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        first = self.cv1(x)
        second = self.m(first)
        third = self.m(second)
        return self.cv2(torch.cat((first, second, third, self.m(third)), 1))


class Concat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.d = 1

    def forward(self, x: Any) -> Tensor:
        return torch.cat(x, self.d)


class Detect(nn.Module):
    def __init__(self, kinds: int, counts: tuple[int, ...]) -> None:
        super().__init__()
        self.nc, self.reg_max, self.stride = kinds, 16, torch.zeros(2)

        def branch(count: int, made: int) -> nn.Sequential:
            return nn.Sequential(Conv(count, 8, 3), nn.Conv2d(8, made, 1))

        self.cv2 = nn.ModuleList(branch(count, 64) for count in counts)
        self.cv3 = nn.ModuleList(branch(count, kinds) for count in counts)

    def forward(self, x: list[Tensor]) -> list[Tensor]:
        return x


class DetectionModel(nn.Module):
    """Layers that are told by `f` which ones feed them; returns what its head is given."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.names = names
        layers: list[tuple[nn.Module, Any]] = [
            (Conv(3, 8, 3, 2), -1), (C2f(8, 8, True), -1), (Conv(8, 16, 3, 2), -1), (SPPF(16), -1),
            (nn.Upsample(None, 2, "nearest"), -1), (Concat(), [-1, 1]), (C2f(24, 8, False), -1),
            (Detect(len(names), (8, 16)), [6, 3]),
        ]  # fmt: skip
        for layer, fed in layers:
            layer.f = fed  # pyright: ignore
        self.model = nn.Sequential(*(layer for layer, _ in layers))

    def forward(self, x: Tensor) -> Any:
        made: list[Tensor] = []
        for layer in self.model:
            fed: Any = layer.f
            if isinstance(fed, list):
                x = layer([x if place == -1 else made[place] for place in fed])
            else:
                x = layer(x)
            made.append(x)
        return x


OWN = (Conv, Bottleneck, C2f, SPPF, Concat, Detect, DetectionModel)


@contextmanager
def packaged(renamed: str, package: str = "ultralytics.nn.modules") -> Iterator[None]:
    """The classes as those of another package, while files are written; `C2f` by another name."""
    C2f.__name__ = C2f.__qualname__ = renamed
    where = ModuleType(package)
    before = OWN[0].__module__
    for kind in OWN:
        kind.__module__ = package
        setattr(where, kind.__name__, kind)
    names = [
        package[:end] for end in range(len(package) + 1) if package[end : end + 1] in ("", ".")
    ]
    sys.modules.update({name: where for name in names})
    try:
        yield
    finally:
        C2f.__name__ = C2f.__qualname__ = "C2f"
        for kind in OWN:
            kind.__module__ = before
        for name in names:
            del sys.modules[name]


def write(path: Path, renamed: str = "C2f", **beside: object) -> DetectionModel:
    """A file with a network, in half precision as usual; returns the network, in whole."""
    torch.manual_seed(3)
    network = DetectionModel({0: "face", 1: "hand"}).eval()
    for norm in (one for one in network.modules() if isinstance(one, nn.BatchNorm2d)):
        nn.init.uniform_(norm.running_mean, -0.2, 0.2)  # pyright: ignore
        nn.init.uniform_(norm.running_var, 0.5, 1.5)  # pyright: ignore
        nn.init.uniform_(norm.weight, 0.8, 2.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with packaged(renamed):
        torch.save({"epoch": -1, "model": network.half(), "ema": None, **beside}, path)
    return network.float()
