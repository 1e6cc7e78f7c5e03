"""Takes part in jobs for which it is switched on."""

from __future__ import annotations

from webui.ext import Drawing, JobView, Participant, hookimpl

from .options import Options


@hookimpl
def participate(job: JobView) -> Participant | None:
    options = Options.model_validate(dict(job.options))
    if not options.enabled or not isinstance(job.request, Drawing):
        return None
    from .seeing import Reference  # torch, only where it is needed

    return Reference(job, options, options.images or tuple(job.request.references.values()))
