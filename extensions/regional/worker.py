"""Takes part in jobs for which it is switched on."""

from __future__ import annotations

from webui.ext import Drawing, JobView, Participant, hookimpl

from .options import Options


@hookimpl
def participate(job: JobView) -> Participant | None:
    options = Options.model_validate(dict(job.options))
    if not options.enabled or not isinstance(job.request, Drawing):
        return None
    from .coupling import Coupled  # torch, only where it is needed
    from .regions import Regional

    return (Coupled if options.way == "attention" else Regional)(job, options)
