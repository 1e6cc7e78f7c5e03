"""Each branch of the prompt counts in its own region: the latents that the branches lead to are
weighted place by place on every step (as Bar-Tal et al., "MultiDiffusion", 2023, section 4.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor

from webui.ext import Box, Cond, JobView, Participant, UserError, resized

from .options import Options, boxes
from .told import told


class Regional(Participant):
    """Gives the branches their regions."""

    def __init__(self, job: JobView, options: Options) -> None:
        self._job = job
        self._options = options
        self._made: dict[tuple[int, int, int], Tensor] = {}

    def frame(self, job: JobView, before: JobView) -> bool:
        """Never: another frame has its own pictures and seed."""
        return False

    def conditioning(self, conds: list[Cond]) -> list[Cond]:
        """Each positive branch with its region, in the order of the prompt.

        Raises:
            UserError: there are not as many branches as regions.
        """
        counts = [0] * (1 + max(cond.image for cond in conds))
        for cond in conds:
            counts[cond.image] += cond.role == "positive"
        places = [0] * len(counts)
        changed: list[Cond] = []
        for cond in conds:
            if cond.role == "positive":
                count = counts[cond.image]
                self._check(count)
                region = partial(self._region, places[cond.image], count)
                places[cond.image] += 1
                cond = replace(cond, region=region)
            changed.append(cond)
        return changed

    def parameters(self) -> Mapping[str, str]:
        return told(self._options)

    def _check(self, count: int) -> None:
        options = self._options
        own = count - options.based
        wanted = own
        if options.split == "areas":
            wanted = len(options.drawn)
        elif options.split == "masks":
            wanted = len(options.masks)
        elif options.shares.strip():
            wanted = len(boxes(options.split, options.shares, own))
        if own != wanted or own < 1:
            raise UserError("regional_parts", parts=own, regions=wanted)

    def _region(self, place: int, count: int, height: int, width: int) -> Tensor:
        """(h, w) of one branch; those of all branches together are 1 everywhere."""
        key = (count, height, width)
        if key not in self._made:
            self._made[key] = self._all(count - self._options.based, height, width)
        return self._made[key][place]

    def _all(self, own: int, height: int, width: int) -> Tensor:
        """(branches, h, w)."""
        options = self._options
        ways: Mapping[str, Callable[[int, int, int], list[np.ndarray]]]
        ways = {"masks": self._painted, "areas": self._drawn}
        layers = np.stack(ways.get(options.split, self._boxed)(own, height, width))
        if options.blur:
            sigma = options.blur * min(height, width) / 2
            layers = np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in layers])
        total = layers.sum(axis=0)
        covered = total > 1e-6
        shares = np.where(covered, layers / np.where(covered, total, 1), 1 / len(layers))
        if options.based:
            strength = np.where(covered, options.base, 1.0)
            shares = np.concatenate([strength[None], shares * (1 - strength)])
        return torch.from_numpy(shares.astype(np.float32))

    def _boxed(self, own: int, height: int, width: int) -> list[np.ndarray]:
        options = self._options
        return [_box(one, height, width) for one in boxes(options.split, options.shares, own)]

    def _painted(self, own: int, height: int, width: int) -> list[np.ndarray]:
        return [self._mask(ref, height, width) for ref in self._options.masks]

    def _drawn(self, own: int, height: int, width: int) -> list[np.ndarray]:
        return [
            self._mask(one.mask, height, width) if one.mask else _box(one.box, height, width)
            for one in self._options.drawn
        ]

    def _mask(self, ref: str, height: int, width: int) -> np.ndarray:
        """(h, w) in 0..1."""
        fitted = resized(self._job.services.mask(ref), width, height, "just_resize")
        return np.asarray(fitted, np.float32) / 255


def _box(box: Box, height: int, width: int) -> np.ndarray:
    """(h, w) float32: 1 inside; whole latents, so that neighbours share none."""
    left, top, right, bottom = box
    layer = np.zeros((height, width), np.float32)
    layer[
        round(top * height) : round(bottom * height), round(left * width) : round(right * width)
    ] = 1
    return layer
