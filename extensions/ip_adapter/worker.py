"""Takes part in jobs whose panel has a unit that counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.ext import Drawing, JobView, ModelUse, Participant, hookimpl

from .options import Options, used


@hookimpl
def models_of(options: Mapping[str, Any], values: Mapping[str, Any]) -> list[ModelUse]:
    return used(options)


@hookimpl
def participate(job: JobView) -> Participant | None:
    units = Options.model_validate(dict(job.options)).units
    if not units or not isinstance(job.request, Drawing):
        return None
    from .attending import ImagePrompts  # torch and diffusers, only where they are needed

    return ImagePrompts(job, units)
