"""Takes part in jobs whose panel has a unit that counts; the preprocessors."""

from __future__ import annotations

from webui.ext import JobView, Participant, Preprocessor, hookimpl

from .maps import PREPROCESSORS
from .units import Options
from .units import models_of as models_of  # a hook


@hookimpl
def participate(job: JobView) -> Participant | None:
    units = Options.model_validate(dict(job.options)).active
    if not units:
        return None
    from .control import Control  # torch and diffusers, only where they are needed

    return Control(job, units)


@hookimpl
def register_preprocessors() -> list[Preprocessor]:
    return list(PREPROCESSORS)
