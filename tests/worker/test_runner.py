import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.core.test_plugins import BETWEEN, TOOLS, extension
from tests.engine.stub import StubModel
from tests.upscaler_files import write_network
from webui.core.errors import UserError
from webui.core.film import Interpolate
from webui.core.guarding import ExtensionError
from webui.core.memory import Memory
from webui.core.plugins import Extensions
from webui.core.requests import Caption, Img2Img, Inpaint, Txt2Img, Upscale
from webui.core.settings import Settings
from webui.core.wire import Cancel, Ended, Made, News, Run, Skip
from webui.engine.samplers import SAMPLERS
from webui.engine.upscalers import Upscalers
from webui.library.entries import Page
from webui.library.pictures import encode
from webui.library.store import Store
from webui.worker.line import Control
from webui.worker.runner import Runner

REQUEST = Txt2Img(
    prompt="a cat (-bad)", model="stub", sampler="Euler", schedule="Automatic", steps=3,
    cfg_scale=5, width=64, height=64, seed=7, variation_seed=1, noise_source="nv", clip_skip=1,
    batch_count=2, batch_size=2, image_format="png",
)  # fmt: skip


class TwoModels:
    """A catalog and a manager that know two models."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.models = {name: StubModel(name=name) for name in ("stub", "other")}

    def get(self, name, progress=None, beside=(), wanted=None):
        if progress is None:
            return self.models[name].info
        progress(50, 100)
        return self.models[name.id]

    def memory(self):
        return Memory(free=1, total=2)

    def find(self, kind, name):
        return None

    def hash(self, model_id):
        return "0123456789"

    def entries(self, kind=None, *, limit=None):
        return Page(total=0, entries=())


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


def runner(server: Server, folders=(), store=None, models=(), **more) -> Runner:
    two = TwoModels()
    extensions = Extensions(folders, "worker")
    upscalers = Upscalers(models, torch.device("cpu"))
    parts = (two, two, upscalers, store, extensions, server.send, server.control)
    return Runner(*parts, **more)  # pyright: ignore


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


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "pictures")


@pytest.fixture
def picture():
    levels = np.random.default_rng(1).integers(0, 256, (70, 50, 4), np.uint8)
    return Image.fromarray(levels)


def from_picture(kind, **changes):
    values = REQUEST.model_dump(exclude={"kind", "hires", "reference_strength"})
    return kind.model_validate({**values, "batch_count": 1, "batch_size": 1, **changes})


def pictures(server: Server) -> list[Image.Image]:
    return [Image.open(io.BytesIO(data)) for _, data in server.made]


def test_a_picture_of_the_store_is_drawn_over(server, store, picture):
    ref = store.put(png(picture)).id
    request = from_picture(Img2Img, image=ref, strength=0.6, width=64, height=72)
    assert runner(server, store=store).run(run(request=request)).outcome == "finished"
    (image,) = pictures(server)
    assert (image.size, image.mode) == ((64, 72), "RGB")
    assert "Denoising strength: 0.6" in server.made[0][0].infotext


def test_outside_the_mask_a_picture_stays_as_it_was(server, store, picture):
    mask = Image.new("L", picture.size)
    mask.paste(255, (20, 20, 40, 45))
    refs = {"image": store.put(png(picture)).id, "mask": store.put(png(mask)).id}
    request = from_picture(Inpaint, **refs, width=None, height=None, mask_blur=2, area="masked")
    runner(server, store=store).run(run(request=request))
    (image,) = pictures(server)
    assert (image.size, image.mode) == (picture.size, "RGBA")
    changed = (np.asarray(image) != np.asarray(picture)).any(-1)
    assert changed[25:40, 25:35].mean() > 0.9
    changed[14:51, 14:46] = False
    assert not changed.any()


def test_loops_that_were_sent_are_not_sent_again(server, store, picture):
    ref = store.put(png(picture.convert("RGB"))).id
    loopback = {"loops": 3, "final_strength": 0.3}
    request = from_picture(
        Img2Img, image=ref, loopback=loopback, batch_count=2, width=64, height=64
    )
    runner(server, store=store).run(run(request=request))
    assert server.indices == [0, 1, 2, 3, 4, 5]
    again = Server(Control())
    runner(again, store=store).run(run(request=request, done=(0, 1, 4)))
    assert again.indices == [2, 3, 5]
    ours = {made.index: data for made, data in server.made}
    assert all(ours[made.index] == data for made, data in again.made)


def test_a_second_pass_with_a_model_of_its_own(server):
    hires = {"model": "other", "upscaler": "Lanczos", "scale": 1.5, "steps": 2, "strength": 0.5}
    request = REQUEST.with_(hires=hires, batch_count=1, refiner={"model": "other"})
    runner(server).run(run(request=request))
    assert [image.size for image in pictures(server)] == [(96, 96)] * 2
    text = server.made[0][0].infotext
    assert "Size: 64x64" in text
    assert "Hires checkpoint: other [0123456789], Hires upscale: 1.5, Hires steps: 2" in text
    steps = [news.progress.step for news in server.news if news.progress.phase == "sampling"]
    assert steps == sorted(steps)
    assert steps[-1] == 3 + 2
    assert "upscaling" in {news.progress.phase for news in server.news}


def test_a_picture_is_enlarged_and_keeps_what_its_file_says(server, store, tmp_path):
    text = "a cat\nSteps: 3, Sampler: Euler, Seed: 7, Size: 80x70"
    image = Image.effect_noise((80, 70), 40).convert("RGB")
    ref = store.put(encode(image, "jpeg", 90, text)).id
    write_network(tmp_path / "upscalers" / "two.pth", "Compact", scale=2)
    made = runner(server, store=store, models=[tmp_path])
    assert "two" in [one.name for one in made.ready().offers.upscalers]
    request = Upscale(image=ref, upscaler="two", by=3)
    assert made.run(run(request=request)).outcome == "finished"
    (report, _), (result,) = server.made[0], pictures(server)
    assert result.size == (report.width, report.height) == (240, 210)
    assert report.infotext.startswith(
        f"{text}, Postprocess upscale by: 3, Postprocess upscaler: two"
    )
    assert {news.progress.phase for news in server.news} == {"upscaling"}
    assert server.news[-1].progress.step == server.news[-1].progress.steps > 0


def test_the_pictures_of_a_job_are_enlarged_where_they_lie(server, tmp_path):
    job = "a" * 32
    results: dict[str, str] = {}
    for number in (0, 2):
        path = tmp_path / f"{number}.png"
        image = Image.effect_noise((20 + number, 10), 40).convert("RGB")
        path.write_bytes(encode(image, "png", 90, f"cat {number}\nSteps: 3, Seed: 7, Size: 8x8"))
        results[f"picture:{job}-{number}"] = str(path)
    request = Upscale(job=job, frames=3, by=2, upscaler="Lanczos")
    wanted = run(request=request).model_copy(update={"results": results})
    assert runner(server).run(wanted).outcome == "finished"
    assert [(report.index, report.width) for report, _ in server.made] == [(0, 40), (2, 44)]
    assert server.made[1][0].infotext.startswith("cat 2\n")
    Path(results[f"picture:{job}-0"]).unlink()
    with pytest.raises(UserError, match=r"0\.png cannot be read"):
        runner(server).run(wanted)


def test_an_enlargement_is_drawn_over_and_can_be_cancelled(server, store, picture):
    ref = store.put(png(picture)).id
    request = Upscale(
        image=ref, by=4, diffusion={"model": "other", "seed": 3, "steps": 4, "tile": 64}
    )
    assert runner(server, store=store).run(run(request=request)).outcome == "finished"
    (result,) = pictures(server)
    assert (result.size, result.mode, server.made[0][0].seed) == ((200, 280), "RGBA", 3)
    assert "Tiled diffusion model: other" in server.made[0][0].infotext

    second = Server(Control())
    second.on = lambda report: (
        second.control.take(Cancel(token=4))
        if isinstance(report, News) and report.progress.phase == "sampling"
        else None
    )
    assert runner(second, store=store).run(run(request=request)).outcome == "cancelled"
    assert second.made == []


def test_a_picture_is_put_into_words_by_the_one_named_or_the_first(server, tmp_path):
    extension(tmp_path, "tools", worker=TOOLS)
    store = Store(tmp_path / "pictures")
    image = store.put(encode(Image.new("RGBA", (9, 4)), "png", 90, "")).id
    worker = runner(server, [tmp_path], store)
    offers = worker.ready().offers
    assert [one.name for one in offers.captioners] == ["size", "mute"]
    assert [one.name for one in offers.restorers] == ["invert"]
    ended = worker.run(run(request=Caption(image=image)))
    assert ended == Ended(token=4, outcome="finished", text="9 wide")
    with pytest.raises(ExtensionError, match="no words"):
        worker.run(run(request=Caption(image=image, captioner="mute")))
    off = Settings(disabled_extensions=("tools",))
    with pytest.raises(UserError, match="puts pictures into words"):
        worker.run(run(request=Caption(image=image), settings=off))
    assert server.made == []


def test_faces_are_mended_to_the_share_asked_for_and_alpha_stays(server, tmp_path):
    extension(tmp_path, "tools", worker=TOOLS)
    store = Store(tmp_path / "pictures")
    image = store.put(encode(Image.new("RGBA", (8, 8), (0, 100, 200, 50)), "png", 90, "")).id
    request = Upscale(image=image, by=1, restorer="invert", restorer_share=0.5)
    runner(server, [tmp_path], store).run(run(request=request))
    [(made, data)] = server.made
    mended = Image.open(io.BytesIO(data))
    assert mended.getpixel((3, 3)) == (127, 127, 127, 50)
    assert "Postprocess restorer: invert, Postprocess restorer visibility: 0.5" in made.infotext


def test_pictures_between_come_from_an_extension_or_from_optical_flow(server, tmp_path):
    extension(tmp_path, "between", worker=BETWEEN)
    job, results = "a" * 32, {}
    for number, colour in enumerate([(0, 0, 0), (100, 0, 0)]):
        path = tmp_path / f"{number}.png"
        path.write_bytes(encode(Image.new("RGB", (32, 32), colour), "png", 90, ""))
        results[f"picture:{job}-{number}"] = str(path)
    worker = runner(server, [tmp_path])
    names = [one.name for one in worker.ready().offers.interpolators]
    assert names == ["Optical flow", "fade", "seen", "few", "fail"]

    def drawn(name, **more):
        server.made.clear()
        request = Interpolate(job=job, interpolator=name, times=2, frames=3)
        wanted = run(request=request, **more).model_copy(update={"results": results})
        assert worker.run(wanted).outcome == "finished"
        return [Image.open(io.BytesIO(data)).getpixel((3, 3)) for _, data in server.made]

    assert drawn("fade") == [(0, 0, 0), (50, 0, 0), (100, 0, 0)]
    assert drawn("fade", done=(0, 2)) == [(50, 0, 0)]
    assert drawn("Optical flow")[1][0] in range(45, 56)
    assert {news.progress.phase for news in server.news} == {"interpolating"}
    with pytest.raises(ExtensionError, match="cpu"):  # it was told the device, which is no colour
        drawn("seen")
    with pytest.raises(ExtensionError, match="no flow"):
        drawn("fail")
    with pytest.raises(UserError, match="few did not return the pictures"):
        drawn("few")
    with pytest.raises(UserError, match="Nothing called other"):
        drawn("other")
    off = Settings(disabled_extensions=("between",))
    with pytest.raises(UserError, match="Nothing called fade"):
        drawn("fade", settings=off)
