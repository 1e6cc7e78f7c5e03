"""What a sampler is, and the list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from webui.core.sampling import SamplerInfo, sampler_named
from webui.engine.levels import MakeLevels, scheduled
from webui.engine.protocols import SamplerFunction

FlowWalk = Literal["straight", "ratio", "timesteps"]
"""How a sampler walks a rectified flow.

"straight": x as it is; the sampler goes along straight lines, or knows the rule by which noise is
added there. "ratio": x / (1 - sigma), which is clean + noise, at levels of the ratio of noise to
signal: for samplers that solve in the logarithm of that ratio. "timesteps": the same, at levels
that the sampler chooses from the model's timesteps.
"""


@dataclass(frozen=True)
class Sampler:
    """A sampler with what it needs around it.

    Attributes:
        info: its data for menus.
        function: the walk itself.
        levels: which noise levels it walks and what it starts with.
        flow: how it walks a rectified flow.
    """

    info: SamplerInfo
    function: SamplerFunction
    levels: MakeLevels = scheduled
    flow: FlowWalk = "ratio"


SAMPLERS: dict[str, Sampler] = {}
"""By name; filled by `sampler`, and by `register` with those of extensions."""


def sampler(
    named: str | SamplerInfo, levels: MakeLevels = scheduled, flow: FlowWalk | None = None
) -> Callable[[SamplerFunction], SamplerFunction]:
    """Register a function: for a name of `webui.core.sampling.SAMPLERS`, or with its own data."""
    info = sampler_named(named) if isinstance(named, str) else named
    if info is None:
        raise LookupError(f"{named} is not in webui.core.sampling.SAMPLERS")

    def add(function: SamplerFunction) -> SamplerFunction:
        usual: FlowWalk = "ratio" if levels is scheduled else "timesteps"
        SAMPLERS[info.name] = Sampler(info, function, levels, flow or usual)
        return function

    return add


def register(info: SamplerInfo, function: SamplerFunction) -> None:
    """Add an extension's sampler, which walks the schedule that is chosen."""
    sampler(info)(function)
