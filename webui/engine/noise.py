"""The noise of a batch: one seed a picture, the same numbers as AUTOMATIC1111 1.10.1.

A picture's noise depends on its own seeds only, never on the others of its batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from webui.core.requests import NoiseSource as SourceName
from webui.engine.brownian import BrownianPath
from webui.engine.philox import philox_normal

_SEEDS = 2**64
_PIXELS_PER_LATENT = 8
_SAME_DIRECTION = 0.9995

Shape = tuple[int, int, int]
"""Channels, height and width of one picture's latents."""

Between = Callable[[Tensor | float, Tensor | float], Tensor]
"""(sigma, sigma_next) -> noise (B, C, h, w) of variance 1, from a Brownian path."""


class Noise(Protocol):
    """What a sampler needs of a noise source; results are on x's device, in x's dtype."""

    def draw(self, x: Tensor) -> Tensor:
        """The next independent draw, in the shape of x (B, C, h, w)."""
        ...

    def brownian(self, x: Tensor, low: Tensor | float, high: Tensor | float) -> Between:
        """Noise that belongs together, between the noise levels low < high."""
        ...


class Generator:
    """A stream of normal numbers on the CPU."""

    def __init__(self, source: SourceName, seed: int) -> None:
        self._seed = seed % _SEEDS
        self._draws = 0
        self._torch = None
        if source == "cpu":
            self._torch = torch.Generator("cpu").manual_seed(self._seed)

    def draw(self, shape: Sequence[int]) -> Tensor:
        """The next numbers of the stream, float32."""
        if self._torch is not None:
            return torch.randn(tuple(shape), generator=self._torch)
        self._draws += 1
        return torch.from_numpy(philox_normal(shape, self._seed, self._draws - 1))


class NoiseSource:
    """Noise of a batch.

    Args:
        source: `nv` as an NVIDIA card draws, `cpu` as torch does on the CPU.
        shape: channels, height, width of one picture's latents.
        seeds: one a picture.
        subseeds: of the noise to go towards, one a picture; a missing one is 0.
        subseed_strength: how far, 0..1.
        seed_resize_from: height and width in pixels of the picture whose composition is wanted.
        eta_noise_seed_delta: where not 0, samplers' noise comes from seeds + delta.
    """

    def __init__(
        self,
        source: SourceName,
        shape: Shape,
        seeds: Sequence[int],
        subseeds: Sequence[int] = (),
        subseed_strength: float = 0.0,
        seed_resize_from: tuple[int, int] = (0, 0),
        eta_noise_seed_delta: int = 0,
    ) -> None:
        self.source: SourceName = source
        self.shape = shape
        self.seeds = tuple(seeds)
        self._subseeds = tuple(subseeds)
        self._strength = subseed_strength
        self._resize_from = seed_resize_from
        self._delta = eta_noise_seed_delta
        self._generators = [Generator(source, seed) for seed in self.seeds]

    def initial(self) -> Tensor:
        """The noise that pictures start from, (B, C, h, w); call it once, before any `draw`."""
        noise = torch.stack([self._first(index) for index in range(len(self.seeds))])
        if self._delta:
            self._generators = [Generator(self.source, seed + self._delta) for seed in self.seeds]
        return noise

    def draw(self, x: Tensor) -> Tensor:
        """See `Noise.draw`."""
        return torch.stack([one.draw(self.shape) for one in self._generators]).to(x)

    def brownian(self, x: Tensor, low: Tensor | float, high: Tensor | float) -> Between:
        """See `Noise.brownian`; the seeds alone decide, neither subseeds nor the delta."""
        paths = [
            BrownianPath(
                float(low),
                float(high),
                seed,
                lambda key: Generator(self.source, key).draw(self.shape),
            )
            for seed in self.seeds
        ]

        def between(sigma: Tensor | float, sigma_next: Tensor | float) -> Tensor:
            end, start = float(sigma), float(sigma_next)
            step = torch.stack([path(start, end) for path in paths])
            return (-step / (end - start) ** 0.5).to(x)  # time runs backwards

        return between

    def _first(self, index: int) -> Tensor:
        height, width = (size // _PIXELS_PER_LATENT for size in self._resize_from)
        resized = min(self._resize_from) > 0 and (height, width) != self.shape[1:]
        shape = (self.shape[0], height, width) if resized else self.shape
        seed, generator = self.seeds[index], self._generators[index]
        noise = (Generator(self.source, seed) if resized else generator).draw(shape)
        if self._subseeds and self._strength:
            subseed = self._subseeds[index] if index < len(self._subseeds) else 0
            noise = slerp(self._strength, noise, Generator(self.source, subseed).draw(shape))
        return _centred(noise, generator.draw(self.shape)) if resized else noise


def slerp(share: float, low: Tensor, high: Tensor) -> Tensor:
    """Turn `low` towards `high`, both (C, h, w), column by column as A1111 does.

    Where a column has no one way to turn (opposite, or the same), it is mixed linearly.
    """
    cosine = (low / low.norm(dim=1, keepdim=True) * (high / high.norm(dim=1, keepdim=True))).sum(1)
    if cosine.mean() > _SAME_DIRECTION:
        return low * share + high * (1 - share)
    angle = cosine.acos()[:, None]
    width = angle.sin()
    turned = ((1 - share) * angle).sin() / width * low + (share * angle).sin() / width * high
    return torch.where(turned.isfinite(), turned, low * (1 - share) + high * share)


def _centred(small: Tensor, full: Tensor) -> Tensor:
    """`full` with `small` in its middle, both (C, h, w); what sticks out is cut."""
    places: list[tuple[slice, slice]] = []
    for axis in (1, 2):
        offset = (full.shape[axis] - small.shape[axis]) // 2
        size = small.shape[axis] + min(2 * offset, 0)
        start, cut = max(offset, 0), max(-offset, 0)
        places.append((slice(start, start + size), slice(cut, cut + size)))
    (to_y, from_y), (to_x, from_x) = places
    full[:, to_y, to_x] = small[:, from_y, from_x]
    return full
