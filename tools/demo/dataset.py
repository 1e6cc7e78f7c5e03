"""The data set on disk: pictures, captions, kinds and, after the stage `encode`, latents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from tools.demo.compose import CAPTIONS, SIZE, Composer
from tools.demo.words import Kind


def write_dataset(composer: Composer, folder: Path, report: int = 2000) -> int:
    """Make all samples; returns how many. What is read later is written last."""
    folder.mkdir(parents=True, exist_ok=True)
    count = len(composer.plans())
    half = folder / "pictures.half.npy"
    pictures = open_memmap(half, mode="w+", dtype=np.uint8, shape=(count, SIZE, SIZE, 3))
    captions: list[list[str]] = []
    kinds: list[str] = []
    for number, sample in enumerate(composer.samples()):
        pictures[number] = np.asarray(sample.image)
        captions.append(sample.captions)
        kinds.append(sample.kind)
        if (number + 1) % report == 0:
            print(f"{number + 1} of {count} pictures", flush=True)
    pictures.flush()
    del pictures
    half.replace(folder / "pictures.npy")
    shares = {name: kind.model_dump() for name, kind in composer.words.kinds.items()}
    text = json.dumps({"captions": captions, "kinds": kinds, "shares": shares}, ensure_ascii=False)
    (folder / "captions.json").write_text(text, encoding="utf-8")
    return count


@dataclass(frozen=True)
class Captions:
    """`texts[n]` has CAPTIONS captions of picture n, `kinds[n]` names its kind."""

    texts: list[list[str]]
    kinds: list[str]
    shares: dict[str, Kind]

    @staticmethod
    def load(folder: Path) -> Captions:
        data = json.loads((folder / "captions.json").read_text(encoding="utf-8"))
        assert all(len(texts) == CAPTIONS for texts in data["captions"])
        shares = {name: Kind.model_validate(kind) for name, kind in data["shares"].items()}
        return Captions(data["captions"], data["kinds"], shares)


class Sampler:
    """Draws picture numbers: first a kind, whose share changes in training, then one of it."""

    def __init__(self, captions: Captions) -> None:
        kinds = np.array(captions.kinds)
        self.members = {name: np.flatnonzero(kinds == name) for name in captions.shares}
        present = [name for name, numbers in self.members.items() if len(numbers)]
        self.names = present
        self.first = np.array([captions.shares[name].first for name in present])
        self.last = np.array([captions.shares[name].last for name in present])

    def draw(self, count: int, progress: float, rng: np.random.Generator) -> np.ndarray:
        """`count` picture numbers; `progress` runs from 0 to 1."""
        shares = self.first * (1 - progress) + self.last * progress
        kinds = rng.choice(len(self.names), count, p=shares / shares.sum())
        members = [self.members[self.names[kind]] for kind in kinds]
        spots = zip(members, rng.random(count), strict=True)
        return np.array([some[int(spot * len(some))] for some, spot in spots])


def load_pictures(folder: Path) -> np.ndarray:
    """(N, SIZE, SIZE, 3), uint8, mapped from disk."""
    return np.load(folder / "pictures.npy", mmap_mode="r")


def load_latents(folder: Path) -> np.ndarray:
    """(N, 4, SIZE/8, SIZE/8), float16, scaled as the UNet expects."""
    path = folder / "latents.npy"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run the stage encode first")
    return np.load(path)
