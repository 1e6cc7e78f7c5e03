"""Runs a job: batch after batch, each picture sent off as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import PictureTool
from webui.core.memory import Stage
from webui.core.offers import INTERPOLATORS, ModelInfo, Offers
from webui.core.option_texts import telling
from webui.core.participants import Participant, Services
from webui.core.pictures import PictureRef
from webui.core.plugins import Extensions
from webui.core.requests import Caption, Convert, Merge, Request
from webui.core.sampling import SCHEDULES
from webui.core.scheduled import at_first
from webui.core.wire import Beside, Broken, Ended, Made, Ready, Run
from webui.engine.features.preview import PreviewParticipant
from webui.engine.recipes import RECIPES, Drawn, Shot, Tools, batches
from webui.engine.recipes.shots import networks
from webui.engine.samplers import SAMPLERS
from webui.engine.samplers.registry import register
from webui.engine.schedules import schedule
from webui.engine.upscalers import Upscalers
from webui.imaging.ingest import opened, opened_mask
from webui.library.catalog import Catalog
from webui.library.needs import bytes_beside
from webui.library.pictures import encode, read_infotext
from webui.library.store import Store
from webui.models.adapters.joining import Adapters
from webui.models.devices import out_of_memory
from webui.models.embeddings import Embeddings
from webui.models.family import Model
from webui.models.manager import ModelManager
from webui.models.vae import Vaes
from webui.models.whole import WholePipeline
from webui.prompt.infotext import build_infotext
from webui.prompt.networks import Network, with_always
from webui.worker.animate import animated
from webui.worker.depths import depth_seen, flow_seen, words_seen
from webui.worker.framed import Framed
from webui.worker.line import Control
from webui.worker.merge import Watch, make_model
from webui.worker.progress import Reporter
from webui.worker.redrawing import redrawn
from webui.worker.services import (
    Keeper,
    begin,
    interpolated,
    model_file,
    model_names,
    preprocessed,
    text_only,
    told,
    told_of,
)
from webui.worker.thrift import Thrift


class Cancelled(BaseException):
    """The run is to stop now; what is finished is kept. No `except Exception` holds it up."""


class Skipped(BaseException):
    """The batch in work is to be left."""


class Runner:
    """Holds what lives longer than a job: the models in use and the extensions."""

    def __init__(
        self,
        catalog: Catalog,
        models: ModelManager,
        upscalers: Upscalers,
        store: Store,
        extensions: Extensions,
        send: Callable[..., None],
        control: Control,
        animations: Path = Path("animations"),
    ) -> None:
        """Make ready.

        Args:
            animations: where it is kept how far unfinished animations are.
        """
        self._catalog = catalog
        self._models = models
        self._upscalers = upscalers
        self._store = store
        self._extensions = extensions
        self._send = send
        self._control = control
        self._adapters = Adapters(catalog)
        self._embeddings = Embeddings(catalog)
        self._vaes = Vaes(catalog)
        self._kept = Keeper()
        self._thrift: Thrift
        self._reporter: Reporter
        self._animations = animations
        self._broken: dict[str, Problem] | None = None
        for _, added in extensions.samplers():
            register(added.info, added.function)
        for _, more in extensions.schedules():
            schedule(more.info.name)(more.function)

    def ready(self) -> Ready:
        """What there is to choose from; from now on beats tell of memory."""
        self._control.measure = self._models.memory
        samplers = tuple(sampler.info for sampler in SAMPLERS.values())
        device = str(self._models.device)
        offers = Offers(
            samplers=samplers,
            schedules=(*SCHEDULES, *(one.info for _, one in self._extensions.schedules())),
            upscalers=self._upscalers.infos(),
            captioners=told(self._extensions.picture_tools("captioners")),
            restorers=told(self._extensions.picture_tools("restorers")),
            interpolators=(*INTERPOLATORS, *told(self._extensions.interpolators())),
            preprocessors=tuple(map(told_of, self._extensions.preprocessors())),
            device=device,
        )
        return Ready(offers=offers)

    def tell_broken(self) -> None:
        """Say which extensions do not load here, where that is news."""
        if self._broken != self._extensions.problems:
            self._broken = dict(self._extensions.problems)
            self._send(Broken(problems=self._broken))

    def run(self, run: Run) -> Ended:
        """Make the pictures of a job that are not made yet.

        Raises:
            UserError: the job cannot be done; the sentence says why.
        """
        self._extensions.switch(run.settings.disabled_extensions)
        self.tell_broken()
        try:
            if isinstance(run.request, Caption):
                text = self._caption(run.request)
                return Ended(token=run.token, outcome="finished", text=text)
            if isinstance(run.request, Merge | Convert):
                text = self._new_model(run, run.request)
                return Ended(token=run.token, outcome="finished", text=text)
            self._run(run)
        except Cancelled:
            return Ended(token=run.token, outcome="cancelled")
        return Ended(token=run.token, outcome="finished")

    def _caption(self, request: Caption) -> str:
        picture = self._picture(request.image, opened).convert("RGB")
        return str(self._tool("captioners", request.captioner).function(picture)).strip()

    def _new_model(self, run: Run, request: Merge | Convert) -> str:
        reporter = Reporter(self._send, run.token, run.job, request.images)
        reporter.phase("merging")
        watch = Watch(partial(self._check_cancelled, run.token), reporter.part)
        return str(make_model(request, self._catalog, watch))

    def _tool(self, kind: Literal["captioners", "restorers"], name: str | None) -> PictureTool:
        tools = self._extensions.picture_tools(kind)
        found = next((tool for tool in tools if name in (None, tool.name)), None)
        if found is None:
            raise UserError(f"no_{kind}", kind[:-1])
        return found

    def _preprocessed(
        self, run: Run, name: str, picture: Image.Image, options: Mapping[str, Any]
    ) -> Image.Image:
        there = self._extensions.preprocessors()
        return preprocessed(there, name, picture, options, self._services(run))

    def _restored(self, name: str, picture: Image.Image) -> Image.Image:
        restored: Image.Image = self._tool("restorers", name).function(picture)
        return restored

    def _run(self, run: Run) -> None:
        """Make what is missing; where memory runs out, go on with what saves more of it."""
        beside = self._bytes_beside(run.request)
        budget = run.settings.memory_budget
        self._thrift = Thrift(run.request, run.done, self._models, budget, beside)
        while (stage := self._attempt(run)) is not None:
            self._kept.clear()
            self._models.make_room()
            self._thrift.lower(stage)
            run = run.model_copy(update={"done": tuple(self._thrift.done)})

    def _bytes_beside(self, request: Request) -> int:
        """Of what extensions will have on the device with the model."""
        uses = self._extensions.models_of(request.model_dump(), at_first(request.extensions))
        width = 4 if self._models.device.type == "cpu" else 2
        return bytes_beside(uses, self._catalog.find, width)

    def _attempt(self, run: Run) -> Stage | None:
        """Make what is missing, and tell what was being done when memory ran out, None if it did
        not. What the error held is free only when this has returned."""
        reporter = Reporter(self._send, run.token, run.job, run.request.images)
        self._reporter, reporter.measures = reporter, self._thrift.measures
        try:
            self._make_all(run, reporter)
        except (RuntimeError, MemoryError, ExtensionError) as error:
            if not out_of_memory(error):
                raise
            return reporter.stage
        return None

    def _make_all(self, run: Run, reporter: Reporter) -> None:
        request = run.request
        framed = request.extensions if isinstance(request, Animation) else {}
        extensions = self._extensions.participants(
            run.job, request, self._services(run), lambda name: name not in framed
        )
        extensions += telling(run.said, extensions)
        tools = self._tools(run, reporter, extensions)
        if isinstance(request, Animation):
            return self._animate(run, request, tools, reporter, extensions)
        self._adapters.check(networks(request))
        whole = batches(request, run.done)
        todo = [part for batch in whole for part in self._thrift.parts(batch)]
        for number, batch in enumerate(todo):
            self._check_cancelled(run.token)
            reporter.begin(batch[0].index, len(todo) - number - 1)
            begin(extensions, [shot.index for shot in batch])
            self._make(run, batch, tools, reporter)

    def _animate(
        self,
        run: Run,
        request: Animation,
        tools: Tools,
        reporter: Reporter,
        extensions: Sequence[Participant],
    ) -> None:
        """The frames of an animation; each is the time's since the one before."""

        def begun(frame: int) -> None:
            self._check_cancelled(run.token)
            reporter.begin(frame, 0)
            begin(extensions, [frame])

        folder = self._animations / run.job
        last = time.perf_counter()
        beside = partial(self._send_beside, run.token)
        with closing(animated(request, run.done, tools, folder, begun, beside)) as frames:
            for drawn in frames:
                now = time.perf_counter()
                self._send_picture(run, drawn, now - last)
                last = now

    def _services(self, run: Run) -> Services:
        """What extensions may ask for in a job."""
        return Services(
            picture=lambda ref: self._picture(ref, opened),
            mask=lambda ref: self._picture(ref, opened_mask),
            model=partial(model_file, self._catalog),
            preprocess=partial(self._preprocessed, run),
            check=partial(self._check, run.token),
            kept=self._kept.get,
            inpaint=partial(redrawn, run.request, lambda: self._tools(run, self._reporter, [])),
            depth=self._depth,
            device=str(self._models.device),
        )

    def _depth(self, name: str, levels: Any, metric: bool) -> Any:
        return depth_seen(self._catalog, self._kept, self._models.device, name, levels, metric)

    def _tools(self, run: Run, reporter: Reporter, extensions: Sequence[Participant]) -> Tools:
        check = partial(self._check, run.token)
        shown: list[Participant] = []
        if run.settings.live_preview:
            shown = [PreviewParticipant(reporter.preview, run.settings.preview_every)]

        def upscale(name: str, image: Image.Image, width: int, height: int) -> Image.Image:
            return self._upscalers.enlarge(name, image, width, height, check, reporter.part)

        return Tools(
            model=partial(self._model, run, reporter),
            join=self._join,
            joined_values=self._joined_values,
            picture=lambda ref: opened(self._data(run, ref)),
            has=lambda ref: ref in run.results,
            mask=lambda ref: self._picture(ref, opened_mask),
            film=lambda ref: self._store.path(ref),
            depth=self._depth,
            words=partial(words_seen, self._catalog, self._kept, self._models.device),
            flow=partial(flow_seen, self._catalog, self._kept, self._models.device),
            upscale=upscale,
            restored=self._restored,
            interpolated=partial(interpolated, self._extensions, self._services(run)),
            preprocess=partial(self._preprocessed, run),
            participants=[reporter, *extensions, *shown],
            extended=Framed(self._extensions, run.job, self._services(run)).at,
            check=check,
            phase=reporter.phase,
            legs=reporter.legs,
            part=reporter.part,
            infotext=lambda ref: read_infotext(self._data(run, ref)).infotext or "",
            model_hash=self._catalog.hash,
        )

    def _join(
        self, model: Model, networks: Sequence[Network], texts: Sequence[str], all_fit: bool
    ) -> None:
        self._adapters.join(model, with_always(model.info.loras, networks), all_fit)
        self._embeddings.learn(model, texts)

    def _joined_values(
        self, model: Model, networks: Sequence[Network], texts: Sequence[str]
    ) -> Mapping[str, str]:
        learned = self._embeddings.values(model, texts)
        joined = self._adapters.values(model, networks)
        return {**self._vaes.values(model.info), **learned, **joined}

    def _data(self, run: Run, ref: PictureRef) -> bytes:
        """A picture of the store, or of the job that the request is about."""
        if (path := run.results.get(ref)) is None:
            return self._store.data(ref)
        try:
            return Path(path).read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError("picture_unreadable", file=path, reason=reason) from error

    def _picture(self, ref: PictureRef, opened: Callable[[bytes], Image.Image]) -> Image.Image:
        return opened(self._store.data(ref))

    def _model(self, run: Run, reporter: Reporter, name: str | None) -> Model:
        """A model of the job, loaded if need be; the others of the job stay where there is room."""

        def progress(done: int, total: int) -> None:
            self._check_cancelled(run.token)
            reporter.loading(done, total)

        def told(name: str | None) -> ModelInfo:
            return self._catalog.get(name).stored(getattr(run.request, "storage", None))

        beside = [told(one).weights for one in model_names(run.request)]
        info = told(name)
        model = self._models.get(info, progress, beside, self._thrift.wanted(info))
        self._thrift.uses(model)
        reporter.measures = self._thrift.measures
        if isinstance(model, WholePipeline):
            self._control.model = model.info.id
            return text_only(model, run.request)
        self._vaes.use(model, getattr(run.request, "vae", None))
        self._control.model = model.info.id
        return model

    def _make(self, run: Run, batch: Sequence[Shot], tools: Tools, reporter: Reporter) -> None:
        """The pictures of a batch; those that were sent before are not sent again."""
        start = time.perf_counter()
        try:
            for drawn in RECIPES[run.request.kind](run.request, batch, tools):
                now = time.perf_counter()
                if drawn.index not in run.done:
                    self._send_picture(run, drawn, (now - start) / len(batch))
        except Skipped:
            self._thrift.done.update(shot.index for shot in batch)

    def _send_picture(self, run: Run, drawn: Drawn, seconds: float) -> None:
        image_format = run.request.image_format or run.settings.image_format
        infotext = build_infotext(self._thrift.noted(drawn.parameters))
        made = Made(
            token=run.token,
            index=drawn.index,
            width=drawn.image.width,
            height=drawn.image.height,
            seed=drawn.seed,
            seconds=round(seconds, 3),
            infotext=infotext,
            format=image_format,
        )
        self._send(made, encode(drawn.image, image_format, run.settings.image_quality, infotext))
        self._thrift.done.add(drawn.index)

    def _send_beside(self, token: int, frame: int, name: str, image: Image.Image) -> None:
        self._send(Beside(token=token, index=frame, name=name), encode(image, "png", 100, ""))

    def _check_cancelled(self, token: int) -> None:
        self._control.alive()
        if self._control.cancelled(token):
            raise Cancelled

    def _check(self, token: int) -> None:
        self._check_cancelled(token)
        if self._control.skipped(token):
            raise Skipped
