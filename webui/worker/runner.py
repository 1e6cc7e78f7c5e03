"""Runs a job: batch after batch, each picture sent off as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from webui.core.offers import Offers, Preview
from webui.core.participants import Participant
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.wire import Ended, Made, Ready, Run
from webui.engine.features.preview import PreviewParticipant
from webui.engine.recipes import Shot, Tools, shots, txt2img
from webui.engine.samplers import SAMPLERS
from webui.engine.samplers.registry import register
from webui.library.catalog import Catalog
from webui.library.pictures import encode
from webui.models.family import Model
from webui.models.manager import ModelManager
from webui.prompt.infotext import build_infotext, describe
from webui.worker.line import Control
from webui.worker.progress import Reporter


class Cancelled(Exception):
    """The run is to stop now; what is finished is kept."""


class Skipped(Exception):
    """The batch in work is to be left."""


class Runner:
    """Holds what lives longer than a job: the model in use and the extensions."""

    def __init__(
        self,
        catalog: Catalog,
        models: ModelManager,
        extensions: Extensions,
        send: Callable[..., None],
        control: Control,
    ) -> None:
        self._catalog = catalog
        self._models = models
        self._extensions = extensions
        self._send = send
        self._control = control
        for _, added in extensions.samplers():
            register(added.info, added.function)

    def ready(self) -> Ready:
        """What there is to choose from."""
        samplers = tuple(sampler.info for sampler in SAMPLERS.values())
        return Ready(offers=Offers(samplers=samplers, device=str(self._models.device)))

    def run(self, run: Run) -> Ended:
        """Make the pictures of a job that are not made yet.

        Raises:
            UserError: the job cannot be done; the sentence says why.
        """
        try:
            self._run(run)
        except Cancelled:
            return Ended(token=run.token, outcome="cancelled")
        return Ended(token=run.token, outcome="finished")

    def _run(self, run: Run) -> None:
        request = run.request
        reporter = Reporter(self._send, run.token, run.job, request.images)
        self._extensions.switch(run.settings.disabled_extensions)
        extensions = self._extensions.participants(run.job, request)
        model = self._load(run, reporter)
        tools = Tools(
            participants=[reporter, *extensions, *self._preview(run, model, reporter)],
            check=lambda: self._check(run.token),
            phase=reporter.phase,
        )
        batches = list(_batches(request, run.done))
        for number, batch in enumerate(batches):
            self._check_cancelled(run.token)
            reporter.begin(batch[0].index, request.steps or 0, len(batches) - number - 1)
            self._make(run, model, batch, tools)

    def _load(self, run: Run, reporter: Reporter) -> Model:
        def progress(share: float) -> None:
            self._check_cancelled(run.token)
            reporter.loading(share)

        model = self._models.get(self._catalog.get(run.request.model), progress)
        self._control.model = model.info.id
        return model

    def _preview(self, run: Run, model: Model, reporter: Reporter) -> list[Participant]:
        if not run.settings.live_preview:
            return []
        preview: Preview = model.latent.preview
        return [PreviewParticipant(preview, reporter.preview, run.settings.preview_every)]

    def _make(self, run: Run, model: Model, batch: Sequence[Shot], tools: Tools) -> None:
        start = time.perf_counter()
        try:
            images = txt2img(model, run.request, batch, tools)
        except Skipped:
            return
        seconds = (time.perf_counter() - start) / len(batch)
        image_format = run.request.image_format or run.settings.image_format
        for shot, image in zip(batch, images, strict=True):
            infotext = self._infotext(run.request, shot, model)
            made = Made(
                token=run.token,
                index=shot.index,
                width=image.width,
                height=image.height,
                seed=shot.seed,
                seconds=round(seconds, 3),
                infotext=infotext,
                format=image_format,
            )
            quality = run.settings.image_quality
            self._send(made, encode(image, image_format, quality, infotext))

    def _infotext(self, request: Txt2Img, shot: Shot, model: Model) -> str:
        parameters = describe(
            request,
            shot.words.prompt,
            shot.words.negative,
            shot.seed,
            shot.variation_seed,
            model.info.id,
            self._catalog.hash(model.info.id),
        )
        return build_infotext(parameters)

    def _check_cancelled(self, token: int) -> None:
        if self._control.cancelled(token):
            raise Cancelled

    def _check(self, token: int) -> None:
        self._check_cancelled(token)
        if self._control.skipped(token):
            raise Skipped


def _batches(request: Txt2Img, done: Sequence[int]) -> Iterator[list[Shot]]:
    """The pictures still to make, in batches as they were asked for."""
    pictures = shots(request)
    for start in range(0, len(pictures), request.batch_size):
        batch = pictures[start : start + request.batch_size]
        if missing := [shot for shot in batch if shot.index not in done]:
            yield missing
