import io

import pytest
from PIL import Image

from tests.core.test_plugins import extension
from tests.engine.stub import StubModel
from webui.core.extension import ExtensionError
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Cancel, Ended, Made, News, Run, Skip
from webui.engine.samplers import SAMPLERS
from webui.worker.line import Control
from webui.worker.runner import Runner

REQUEST = Txt2Img(
    prompt="a cat (-bad)", model="stub", sampler="Euler", schedule="Automatic", steps=3,
    cfg_scale=5, width=64, height=64, seed=7, variation_seed=1, noise_source="nv", clip_skip=1,
    batch_count=2, batch_size=2, image_format="png",
)  # fmt: skip


class OneModel:
    """A catalog and a manager that know one model."""

    device = "cpu"

    def __init__(self) -> None:
        self.model = StubModel()

    def get(self, name, progress=None):
        if progress is None:
            assert name == "stub"
            return self.model.info
        progress(0.5)
        return self.model

    def hash(self, model_id):
        return "0123456789"


class Server:
    """Takes reports as the server does; `on` may answer one with a command."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.made: list[tuple[Made, bytes]] = []
        self.news: list[News] = []
        self.on = lambda report: None

    def send(self, report, data=b""):
        if isinstance(report, Made):
            self.made.append((report, data))
        if isinstance(report, News):
            self.news.append(report)
        self.on(report)

    @property
    def indices(self) -> list[int]:
        return [made.index for made, _ in self.made]


@pytest.fixture(autouse=True)
def same_samplers_afterwards():
    known = dict(SAMPLERS)
    yield
    SAMPLERS.clear()
    SAMPLERS.update(known)


@pytest.fixture
def server():
    return Server(Control())


def runner(server: Server, folders=()) -> Runner:
    one = OneModel()
    extensions = Extensions(folders, "worker")
    return Runner(one, one, extensions, server.send, server.control)  # pyright: ignore


def run(**changes) -> Run:
    return Run.model_validate({"job": "j", "token": 4, "request": REQUEST, **changes})


def test_every_picture_is_sent_as_a_file_with_its_parameters(server):
    ended = runner(server).run(run())
    assert ended == Ended(token=4, outcome="finished")
    assert server.indices == [0, 1, 2, 3]
    made, data = server.made[1]
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size, made.seed) == ("PNG", (64, 64), 8)
    assert image.info["parameters"] == made.infotext
    assert made.infotext.startswith("a cat\nNegative prompt: bad\nSteps: 3, Sampler: Euler,")
    assert "Seed: 8, Size: 64x64, Model hash: 0123456789, Model: stub" in made.infotext
    phases = list(dict.fromkeys(news.progress.phase for news in server.news))
    assert phases == ["loading", "encoding", "sampling", "decoding"]
    assert any(news.progress.preview for news in server.news)


def test_only_what_is_missing_is_made_and_it_is_the_same(server):
    runner(server).run(run())
    whole = {made.index: data for made, data in server.made}
    second = Server(Control())
    runner(second).run(run(done=(0, 3)))
    assert second.indices == [1, 2]
    pixels = [Image.open(io.BytesIO(data)).tobytes() for _, data in second.made]
    assert pixels == [Image.open(io.BytesIO(whole[index])).tobytes() for index in (1, 2)]


def test_cancel_keeps_what_is_done(server):
    server.on = lambda report: (
        server.control.take(Cancel(token=4)) if isinstance(report, Made) else None
    )
    assert runner(server).run(run()).outcome == "cancelled"
    assert server.indices == [0, 1]


def test_cancel_stops_in_the_middle_of_a_batch(server):
    server.on = lambda report: (
        server.control.take(Cancel(token=4))
        if isinstance(report, News) and report.progress.step == 1
        else None
    )
    assert runner(server).run(run()).outcome == "cancelled"
    assert server.indices == []
    assert max(news.progress.step for news in server.news if news.progress.steps == 3) == 1


def test_skip_leaves_the_batch_in_work_and_makes_the_next(server):
    server.control.take(Skip(token=4))
    assert runner(server).run(run()).outcome == "finished"
    assert server.indices == [2, 3]


def test_no_previews_where_they_are_switched_off(server):
    runner(server).run(run(settings=Settings(live_preview=False)))
    assert not any(news.progress.preview for news in server.news)


def test_an_extension_that_raises_in_a_step_is_named(server, tmp_path):
    code = (
        "from webui.ext import Participant, hookimpl\n"
        "class P(Participant):\n"
        "    def after(self, step): raise ValueError('boom')\n"
        "@hookimpl\n"
        "def participate(job): return P()\n"
    )
    extension(tmp_path, "bad", worker=code)
    with pytest.raises(ExtensionError, match=r"bad failed in after: ValueError: boom"):
        runner(server, [tmp_path]).run(run())
    off = run(settings=Settings(disabled_extensions=("bad",)))
    assert runner(server, [tmp_path]).run(off).outcome == "finished"


def test_a_sampler_of_an_extension_draws(server, tmp_path):
    code = (
        "from webui.ext import Sampler, SamplerInfo, hookimpl\n"
        "def leap(denoise, x, sigmas, noise, options):\n"
        "    return denoise(x, sigmas[0])\n"
        "@hookimpl\n"
        "def register_samplers(): return [Sampler(SamplerInfo(name='Leap'), leap)]\n"
    )
    extension(tmp_path, "leap", worker=code)
    made = runner(server, [tmp_path])
    assert "Leap" in [sampler.name for sampler in made.ready().offers.samplers]
    asked = REQUEST.with_(sampler="Leap", batch_count=1, batch_size=1)
    assert made.run(run(request=asked)).outcome == "finished"
    assert server.indices == [0]
