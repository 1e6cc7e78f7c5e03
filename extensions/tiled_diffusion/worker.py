"""Takes part in jobs for which it is switched on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from webui.ext import Drawing, JobView, Participant, hookimpl

from .options import Options


@hookimpl
def participate(job: JobView) -> Participant | None:
    options = Options.model_validate(dict(job.options))
    if not options.enabled or not isinstance(job.request, Drawing):
        return None
    return Tiled(job, options)


class Tiled(Participant):
    """The model's calls for latents larger than a tile are made tile by tile."""

    def __init__(self, job: JobView, options: Options) -> None:
        self._job = job
        self._options = options

    def patched(self, model: Any) -> AbstractContextManager[None]:
        from webui.ext_worker import tiled  # torch, only where it is needed

        card = model.info.card
        side = self._options.tile or min(card.width, card.height)
        return tiled(model, side, self._options.overlap, self._job.services.check)
