"""Guidance rescaled: Lin et al., "Common diffusion noise schedules and sample steps are flawed",
2023, section 3.4.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from webui.ext import JobView, Participant, Step, hookimpl

from .options import Options


@hookimpl
def participate(job: JobView) -> Participant | None:
    share = Options.model_validate(dict(job.options)).share
    return Rescale(share) if share else None


class Rescale(Participant):
    """Gives the guided output of the network the deviation of the one for the prompt alone.

    It is computed on what the network puts out, as the paper and diffusers' `guidance_rescale` do.
    """

    order = -150  # before anything is laid over the picture

    def __init__(self, share: float) -> None:
        self._share = share
        self._velocity = False

    @contextmanager
    def patched(self, model: Any) -> Generator[None]:
        self._velocity = getattr(model, "predicts", None) == "v"
        yield

    def after(self, step: Step) -> None:
        if step.denoised is None or step.prompted is None or step.scale == 1:
            return
        # The network's output, up to a factor that depends on the noise level alone, is this
        # minus the clean latents; for noise and for a flow's velocity it is x itself.
        start = step.x / (step.sigma**2 + 1) if self._velocity else step.x
        guided, prompted = start - step.denoised, start - step.prompted
        over = tuple(range(1, guided.ndim))
        deviation = guided.std(dim=over, keepdim=True).clamp(min=1e-12)
        factor = prompted.std(dim=over, keepdim=True) / deviation
        step.denoised = start - guided * (self._share * factor + 1 - self._share)

    def parameters(self) -> Mapping[str, str]:
        return {"CFG Rescale": str(self._share)}
