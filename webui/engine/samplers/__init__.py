"""Samplers, one function each; importing this registers them all."""

from webui.engine.samplers import (
    dpm_solver,
    dpmpp,
    euler,
    lcm,
    multistep,
    scheduler,
    timestep,
    unipc,
)
from webui.engine.samplers.registry import SAMPLERS, Sampler, sampler

__all__ = [
    "SAMPLERS",
    "Sampler",
    "dpm_solver",
    "dpmpp",
    "euler",
    "lcm",
    "multistep",
    "sampler",
    "scheduler",
    "timestep",
    "unipc",
]
