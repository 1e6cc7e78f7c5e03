"""Extensions that misbehave beside the model: their job fails by name, the next one is drawn."""

import pytest
import torch

from tests.core.test_plugins import extension
from tests.worker.test_runner import REQUEST, Server, TwoModels, run
from webui.cli.words import worded
from webui.core.guarding import ExtensionError
from webui.core.isolation import Watchdog
from webui.core.plugins import Extensions
from webui.core.wire import Broken
from webui.engine.upscalers import Upscalers
from webui.worker.line import Control
from webui.worker.process import execute
from webui.worker.runner import Runner

CODE = """
from contextlib import nullcontext
from webui.ext import Participant, hookimpl

class Bad(Participant):
    def __init__(self, where):
        self.where = where

    def misbehave(self, where):
        if where == self.where:
            HERE

    def start(self, numbers): self.misbehave("start")
    def conditioning(self, conds): self.misbehave("conditioning"); return conds
    def before(self, step): self.misbehave("before")
    def call(self, call): self.misbehave("call")
    def patched(self, model): self.misbehave("patched"); return nullcontext()
    def after(self, step): self.misbehave("after")
    def latents(self, latents): self.misbehave("latents"); return latents
    def parameters(self): self.misbehave("parameters"); return {}
    def image(self, image): self.misbehave("image"); return image

@hookimpl
def participate(job):
    return Bad(job.options["where"]) if job.options else None
"""
HOOKS = (
    *("start", "conditioning", "patched", "before", "call", "after"),
    *("latents", "parameters", "image"),
)


@pytest.fixture
def runner_of(tmp_path):
    def make(misbehaviour: str) -> tuple[Runner, Server]:
        extension(tmp_path, "bad", worker=CODE.replace("HERE", misbehaviour))
        server, two = Server(Control()), TwoModels()
        dog = Watchdog(2)
        server.control.alive = dog.alive
        extensions = Extensions([tmp_path], "worker", isolation=dog)
        upscalers = Upscalers([], torch.device("cpu"))
        return Runner(two, two, upscalers, None, extensions, server.send, server.control), server  # pyright: ignore

    return make


def asked(where: str):
    return run(request=REQUEST.with_(batch_count=1, extensions={"bad": {"where": where}}))


def test_whatever_hook_raises_its_name_is_said(runner_of, capsys):
    runner, server = runner_of("raise ValueError('no paint')")
    for hook in HOOKS:
        ended = execute(runner, asked(hook))
        assert ended.outcome == "failed" and ended.problem, hook
        assert ended.problem.values["name"] == "bad" and ended.problem.values["hook"] == hook
        assert f"bad zawiodło w {hook}" in worded(ended.problem, "pl")
    assert execute(runner, run()).outcome == "finished"
    assert server.indices == [0, 1, 2, 3]


def test_one_that_loops_for_ever_fails_its_job_alone(runner_of, capsys):
    runner, server = runner_of("\n            while True: pass")
    ended = execute(runner, asked("after"))
    assert ended.problem and ended.problem.code == "extension_slow"
    for language in ("en", "pl"):
        said = worded(ended.problem, language)
        assert "bad" in said and "after" in said
    assert execute(runner, run()).outcome == "finished"


def test_one_that_wants_to_leave_stays(runner_of, capsys):
    runner, _ = runner_of("raise SystemExit(1)")
    with pytest.raises(ExtensionError, match="SystemExit"):
        runner.run(asked("image"))


def test_options_stand_in_the_parameters(runner_of):
    runner, server = runner_of("pass")
    said = {"other": {"other times": "2"}, "bad": {"bad where": "nowhere"}}
    assert execute(runner, asked("nowhere").model_copy(update={"said": said})).outcome == "finished"
    words = server.made[0][0].infotext
    assert "other times: 2" in words and "bad where" not in words, "it has words of its own"


def test_what_it_put_into_the_model_is_its_too(runner_of, capsys):
    """A failure where no hook is called: in a function that stands in the model's place."""
    runner, _ = runner_of("pass")
    bend = "def bent(*asked, **more):\n    raise ValueError('bent')"
    module = {"__name__": "easel_extensions.bad.worker"}
    exec(bend, module)
    runner._models.models["stub"].predict_x0 = module["bent"]  # pyright: ignore
    ended = execute(runner, run())
    assert ended.problem and ended.problem.code == "extension"
    assert ended.problem.values["name"] == "bad" and "bent" in ended.problem.message


FOR_EVER = """
from contextlib import contextmanager
from webui.ext import Participant, Sampler, SamplerInfo, hookimpl

def for_ever(*asked, **more):
    while True:
        pass

class Bent(Participant):
    @contextmanager
    def patched(self, model):
        before, model.predict_x0 = model.predict_x0, for_ever
        try:
            yield
        finally:
            model.predict_x0 = before

@hookimpl
def participate(job):
    return Bent() if job.options else None

@hookimpl
def register_samplers():
    return [Sampler(SamplerInfo(name="Endless"), for_ever)]
"""


def test_what_never_returns_where_no_hook_is_called_fails_its_job_alone(tmp_path, capsys):
    """A function that stands in the model's place, and a sampler."""
    extension(tmp_path, "bad", worker=FOR_EVER)
    server, two, dog = Server(Control()), TwoModels(), Watchdog(1)
    server.control.alive = dog.alive
    extensions = Extensions([tmp_path], "worker", isolation=dog)
    runner = Runner(
        two, two, Upscalers([], torch.device("cpu")), None, extensions, server.send, server.control  # pyright: ignore
    )  # fmt: skip
    before = two.models["stub"].predict_x0
    bent = run(request=REQUEST.with_(batch_count=1, extensions={"bad": {"bend": True}}))
    endless = run(request=REQUEST.with_(batch_count=1, sampler="Endless"))
    for job in (bent, endless):
        ended = execute(runner, job, dog.watch)
        assert ended.problem and ended.problem.code == "extension_slow"
        assert ended.problem.values == {"name": "bad", "hook": "for_ever", "seconds": 1}
        assert "bad" in worded(ended.problem, "pl")
    assert two.models["stub"].predict_x0 == before
    assert execute(runner, run(), dog.watch).outcome == "finished"


def test_one_that_does_not_load_is_told_once(tmp_path, capsys):
    extension(tmp_path, "bad", worker="raise ValueError('no paint')")
    told: list[Broken] = []
    server, two = Server(Control()), TwoModels()
    server.on = lambda report: told.append(report) if isinstance(report, Broken) else None
    extensions = Extensions([tmp_path], "worker")
    runner = Runner(
        two, two, Upscalers([], torch.device("cpu")), None, extensions, server.send, server.control  # pyright: ignore
    )  # fmt: skip
    runner.tell_broken()
    assert execute(runner, run()).outcome == "finished"
    (one,) = told
    assert one.problems["bad"].message == (
        "The extension bad failed in worker.py: ValueError: no paint"
    )
