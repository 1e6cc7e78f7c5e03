"""Takes part in jobs for which it is switched on."""

from __future__ import annotations

from webui.ext import JobView, Participant, hookimpl

from .options import Options


@hookimpl
def participate(job: JobView) -> Participant | None:
    options = Options.model_validate(dict(job.options))
    if not options.enabled:
        return None
    from .freeu import FreeU  # torch, only where it is needed

    return FreeU(options)
