"""What networks see in the pictures of an animation, by whichever the user has: depth,
words, motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from webui.library.entries import Entry
from webui.library.seeing import flow_network, word_finder
from webui.models.depth import DepthEstimator
from webui.models.raft import Raft
from webui.models.words import WordFinder
from webui.worker.services import Keeper, Shelf

KIND = "depth"


def depth_seen(
    shelf: Shelf, keeper: Keeper, device: torch.device | str, name: str, levels: Any, metric: bool
) -> Any:
    """How near each pixel is, or how far.

    Args:
        name: of a network that is there; by any other name (Deforum's settings name networks of
            2023) the first one that is.
        levels: (H, W, 3) RGB.
        metric: how far, instead of how near.

    Returns:
        (H, W), in no unit; None where there is no network.

    Raises:
        UserError: the network cannot be used.
    """
    found = network(shelf, name)
    if found is None:
        return None
    folder = Path(found.path).parent if Path(found.path).is_file() else Path(found.path)
    made: DepthEstimator = keeper.get(
        (KIND, str(folder)), lambda: DepthEstimator.open(folder, device)
    )
    return made.distance(levels) if metric else made.nearness(levels)


def network(shelf: Shelf, name: str) -> Entry | None:
    """The network of depth that a name means, else the first one that can be used."""
    named = shelf.find(KIND, name)
    if named is not None:
        return named
    there = shelf.entries(KIND, limit=None).entries
    return next((one for one in there if one.problem is None), None)


def words_seen(
    shelf: Shelf, keeper: Keeper, device: torch.device | str, words: str, levels: Any
) -> Image.Image | None:
    """Where words are seen in a picture, mode L, white there; None where no network can.

    levels: (H, W, 3) RGB.

    Raises:
        UserError: the network cannot be used.
    """
    folder = word_finder(shelf)
    if folder is None:
        return None
    made: WordFinder = keeper.get(("words", str(folder)), lambda: WordFinder.open(folder, device))
    return made.mask(words, levels)


def flow_seen(
    shelf: Shelf, keeper: Keeper, device: torch.device | str, first: Any, second: Any
) -> Any:
    """The flow from one picture to another, (H, W, 2); None where there is no network.

    first, second: (H, W, 3) RGB.

    Raises:
        UserError: the network cannot be used.
    """
    path = flow_network(shelf)
    if path is None:
        return None
    made: Raft = keeper.get(("flow", str(path)), lambda: Raft.open(path, device))
    return made.flow(first, second)
