"""What a sampler is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from webui.core.sampling import SamplerInfo, sampler_named
from webui.engine.levels import MakeLevels, scheduled
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.sigmas import SigmaTable


class Denoiser(Protocol):
    """All that a sampler sees of the model; any call may raise to end the run."""

    def __call__(self, x: Tensor, sigma: Tensor | float, /) -> Tensor:
        """Predict the clean latents, guidance included.

        Args:
            x: (B, C, h, w) latents with noise of standard deviation sigma.
            sigma: one level for the whole batch.
        Returns:
            (B, C, h, w) in the dtype of x.
        """
        ...

    def needs_uncond(self) -> None:
        """From now on compute the unconditional part too, whatever the guidance scale."""
        ...

    def uncond(self) -> Tensor:
        """The unconditional part of the last call's prediction; after `needs_uncond` only."""
        ...


class SamplerFunction(Protocol):
    """A sampler: from x at sigmas[0] to the latents at sigmas[-1]."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options, /
    ) -> Tensor: ...


Wrap = Callable[[Denoiser, SigmaTable], Denoiser]


@dataclass(frozen=True)
class Sampler:
    """A sampler with what it needs around it.

    Attributes:
        info: its data for menus.
        function: the walk itself.
        levels: which noise levels it walks and what it starts with.
        wrap: changes the model's predictions, where a kind of model needs it.
    """

    info: SamplerInfo
    function: SamplerFunction
    levels: MakeLevels = scheduled
    wrap: Wrap | None = None


SAMPLERS: dict[str, Sampler] = {}
"""By name; filled by `sampler`, and by the worker with those of extensions."""


def sampler(
    name: str, levels: MakeLevels = scheduled, wrap: Wrap | None = None
) -> Callable[[SamplerFunction], SamplerFunction]:
    """Register the function for a name of `webui.core.sampling.SAMPLERS`."""
    info = sampler_named(name)
    if info is None:
        raise LookupError(f"{name} is not in webui.core.sampling.SAMPLERS")

    def add(function: SamplerFunction) -> SamplerFunction:
        SAMPLERS[name] = Sampler(info, function, levels, wrap)
        return function

    return add
