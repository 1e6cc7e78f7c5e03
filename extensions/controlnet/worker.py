"""Takes part in jobs whose panel has a unit that counts; the preprocessors."""

from __future__ import annotations

from webui.ext import JobView, Participant, Preprocessor, hookimpl

from .annotators import PREPROCESSORS as ANNOTATORS
from .estimators import PREPROCESSORS as ESTIMATORS
from .maps import PREPROCESSORS as MAPS
from .poses import PREPROCESSORS as POSES
from .units import Options
from .units import models_of as models_of  # a hook


@hookimpl
def participate(job: JobView) -> Participant | None:
    active = Options.model_validate(dict(job.options)).active
    own = getattr(job.request, "image", None)  # which an animation's first frame has not
    units = tuple((number, unit) for number, unit in active if unit.image or own)
    if not units:
        return None
    from .control import Control  # torch and diffusers, only where they are needed

    return Control(job, units)


@hookimpl
def register_preprocessors() -> list[Preprocessor]:
    return [*MAPS, *POSES, *ESTIMATORS, *ANNOTATORS]
