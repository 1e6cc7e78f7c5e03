"""Euler's method, a step at a time: x goes along the line to what the model guesses."""

from typing import Any

from webui.ext import Sampler, SamplerInfo, hookimpl


def euler(denoise: Any, x: Any, sigmas: Any, noise: Any, options: Any) -> Any:
    for now, then in zip(sigmas[:-1], sigmas[1:], strict=True):
        slope = (x - denoise(x, now)) / now
        x = x + slope * (then - now)
    return x


@hookimpl
def register_samplers() -> list[Sampler]:
    return [Sampler(SamplerInfo(name="Example Euler"), euler)]
