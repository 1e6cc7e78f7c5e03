"""Memory that runs out in the middle of a job: real tiny models, a fake that says it is full."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.adapters.makers import kohya, networks_of, write
from tests.tiny import write_tiny
from tests.tiny_flows import info_of, write_flux, write_sd3
from tests.worker.test_adapters import OneModel
from tests.worker.test_runner import Server, run
from webui.core.errors import UserError
from webui.core.guarding import ExtensionError
from webui.core.memory import Memory, ModelUse, Rung
from webui.core.plugins import Extensions
from webui.core.requests import TiledDiffusion, Txt2Img, Upscale
from webui.core.wire import Made, News
from webui.engine.upscalers import Upscalers
from webui.library.entries import Entry
from webui.library.pictures import encode
from webui.library.store import Store
from webui.models.devices import out_of_memory
from webui.models.manager import ModelManager, Wanted
from webui.models.stored import StoredLinear
from webui.prompt.infotext import Parameters
from webui.worker.line import Control
from webui.worker.runner import Runner
from webui.worker.thrift import Thrift

CPU = torch.device("cpu")
GB = 10**9
WANTED = Wanted()
REQUEST = Txt2Img(
    prompt="a cat", model="tiny", sampler="Euler", schedule="Automatic", steps=3, cfg_scale=5,
    width=64, height=64, seed=7, variation_seed=1, noise_source="cpu", clip_skip=1,
    image_format="png", batch_count=2, batch_size=2,
)  # fmt: skip


class Card(ModelManager):
    """As with a graphics card, whose memory is the machine's."""

    def memory(self) -> Memory:
        return Memory(kind="cuda", free=24 * GB, total=24 * GB, ram_free=64 * GB, ram_total=64 * GB)


class Bench:
    """A worker with one model; `full` says how often memory runs out, and where."""

    def __init__(self, info, folder) -> None:
        self.folder = folder
        self.server = Server(Control())
        self.manager = Card(CPU)
        self.info = info
        tools = Upscalers((), CPU), Store(folder / "pictures"), Extensions((), "worker")
        answers = self.server.send, self.server.control
        self.runner = Runner(OneModel(info, folder), self.manager, *tools, *answers)
        self.seen: list[str] = []

    @property
    def model(self):
        return self.manager.get(self.info, lambda *done: None)

    def draw(self, **changes) -> dict[int, np.ndarray]:
        before = len(self.server.made)
        assert self.runner.run(run(request=REQUEST.with_(**changes))).outcome == "finished"
        made = self.server.made[before:]
        indices = [one.index for one, _ in made]
        assert indices == sorted(set(indices)), "no picture is made twice"
        return {one.index: np.asarray(Image.open(io.BytesIO(data))) for one, data in made}

    def full(self, where: str, times: int, after: int = 0) -> None:
        """Let memory run out in a text encoder, the network or the decoder.

        Args:
            after: calls that go well before.
        """
        module = {
            "encoding": self.model.encoders[0].model,
            "sampling": getattr(self.model, "unet", None) or self.model.transformer,
            "decoding": self.model.autoencoder.vae.decoder,
        }[where]
        calls = [0]

        def fill(*given) -> None:
            calls[0] += 1
            if after < calls[0] <= after + times:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        module.register_forward_pre_hook(fill)

    @property
    def said(self) -> list[str | None]:
        found = [made.infotext.partition("Memory: ")[2] for made, _ in self.server.made]
        return [one.partition(", Version")[0].strip('"') or None for one in found]


@pytest.fixture
def bench(tiny, tmp_path):
    return Bench(tiny.folder_info, tmp_path)


def same(one, other) -> bool:
    return one.keys() == other.keys() and all((one[key] == other[key]).all() for key in one)


@pytest.mark.parametrize(
    ("where", "times", "said"),
    [
        ("encoding", 1, "the model in parts, tiled VAE"),
        ("encoding", 2, "the model in parts, tiled VAE, the model layer by layer"),
        ("sampling", 1, "one picture at a time"),
        ("sampling", 2, "one picture at a time, the model in parts"),
        ("decoding", 1, "tiled VAE"),
        ("decoding", 2, "tiled VAE, the model in parts"),
        ("decoding", 3, "tiled VAE, the model in parts, the model layer by layer"),
        (
            "decoding",
            4,
            "tiled VAE, the model in parts, the model layer by layer, on the processor",
        ),
    ],
)
def test_the_job_is_finished_with_the_same_pictures(bench, where, times, said):
    """To the bit: a tile here is no smaller than the picture, and weights only move."""
    expected = bench.draw()
    assert bench.said == [None] * 4
    bench.model.encoders[0].forget()
    bench.full(where, times)
    assert same(bench.draw(), expected)
    assert bench.said[4:] == [said] * 4
    measures = [news.progress.measures for news in bench.server.news]
    assert len(measures[-1]) == said.count(",") + 1


def test_attention_by_heads_rounds_otherwise_but_the_picture_is_the_same(bench):
    expected = bench.draw()
    bench.full("sampling", 3)
    found = bench.draw()
    assert "sliced attention" in (bench.said[-1] or "")
    assert max(abs(found[key].astype(int) - expected[key]).max() for key in expected) <= 1


def test_pictures_that_were_sent_are_not_made_again(bench):
    expected = bench.draw()
    bench.full("sampling", 1, after=3 * 2 + 1)  # in the second batch: 3 steps of 2 pictures
    news = len(bench.server.news)
    assert same(bench.draw(), expected)
    assert bench.said[4:6] == [None, None]
    assert bench.said[6:] == ["one picture at a time"] * 2
    begun = [one.progress.image for one in bench.server.news[news:]]
    assert begun == sorted(begun)


def test_where_nothing_helps_one_sentence_says_so_and_the_next_job_is_drawn(bench):
    expected = bench.draw()
    bench.full("sampling", 6)
    with pytest.raises(UserError, match="The memory does not suffice"):
        bench.draw()
    assert same(bench.draw(), expected)
    assert bench.said[-1] is None, "the next job begins with all on the device again"


def test_another_error_stays_what_it_is(bench):
    def fail(*given) -> None:
        raise RuntimeError("shapes do not match")

    bench.model.unet.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="shapes"):
        bench.draw()


def test_cancelled_while_it_goes_on(bench):
    bench.draw()
    bench.full("sampling", 1, after=3 * 2)

    def cancel(report) -> None:
        if isinstance(report, Made):
            bench.server.control._cancelled.add(4)

    bench.server.on = cancel
    assert bench.runner.run(run(request=REQUEST)).outcome == "cancelled"


@pytest.mark.parametrize(("family", "made"), [("sd3", write_sd3), ("flux", write_flux)])
@pytest.mark.parametrize("where", ["encoding", "sampling", "decoding"])
def test_flows_go_on_too(tmp_path, family, made, where):
    bench = Bench(info_of(made(tmp_path / family), family), tmp_path)
    expected = bench.draw(batch_count=1)
    for encoder in bench.model.encoders:
        encoder.forget()
    bench.full(where, 3)
    assert same(bench.draw(batch_count=1), expected)
    assert "layer by layer" in (bench.said[-1] or "")


def test_a_lora_is_joined_again_where_it_goes_on(bench):
    tensors = kohya(networks_of(bench.model))
    write(bench.folder / "loras" / "style.safetensors", tensors)
    plain, expected = bench.draw(), bench.draw(prompt="a cat <lora:style:0.8>")
    bench.full("decoding", 3)
    found = bench.draw(prompt="a cat <lora:style:0.8>")
    assert same(found, expected) and not same(found, plain)
    assert "8 bits" not in (bench.said[-1] or "")
    assert same(bench.draw(), plain)


def test_a_second_pass_runs_out_and_goes_on(bench):
    hires = {"hires": {"upscaler": "Lanczos", "scale": 1.5, "steps": 2, "strength": 0.5}}
    expected = bench.draw(batch_count=1, **hires)
    bench.full("sampling", 1, after=3 * 2 + 1)
    assert same(bench.draw(batch_count=1, **hires), expected)


def test_what_a_vae_was_computed_in_is_said_too(tmp_path):
    made = write_tiny(tmp_path)
    bench = Bench(made.folder_info, tmp_path)
    bench.draw()
    bench.model.autoencoder.vae.half()
    spoiled = lambda module, given, out: out * torch.nan if out.dtype == torch.float16 else out  # noqa: E731
    bench.model.autoencoder.vae.decoder.register_forward_hook(spoiled)
    assert len(bench.draw()) == 4
    assert "VAE precision: bfloat16" in bench.server.made[-1][0].infotext


def test_memory_that_runs_out_in_an_extension_is_known_as_such():
    try:
        try:
            raise torch.OutOfMemoryError("full")
        except torch.OutOfMemoryError as error:
            raise ExtensionError("controlnet", "call", error) from error
    except ExtensionError as error:
        assert out_of_memory(error)


def test_loops_that_hang_together_are_not_taken_apart(bench):
    values = {"loopback": {"loops": 2}, "batch_size": 2}
    thrift = Thrift(REQUEST, (), bench.manager, 80)
    thrift._asked = thrift._asked.model_copy(update=values)
    thrift._rung = Rung(apart=True)
    assert list(thrift.parts([1, 2])) == [[1, 2]]  # pyright: ignore
    thrift._asked = thrift._asked.model_copy(update={"loopback": None})
    assert list(thrift.parts([1, 2])) == [[1], [2]]  # pyright: ignore


def test_what_is_said_stands_before_the_version(bench):
    thrift = Thrift(REQUEST, (), bench.manager, 80)
    parameters = Parameters("a", "", {"Steps": 3, "Version": "v"})
    assert thrift.noted(parameters) is parameters
    thrift.measures = ("layers", "tiled_vae")
    noted = thrift.noted(parameters)
    assert list(noted.values) == ["Steps", "Memory", "Version"]
    assert noted.values["Memory"] == "the model layer by layer, tiled VAE"


def test_a_load_is_cancelled_between_two_tensors_and_the_next_job_is_drawn(bench):
    def cancel(report) -> None:
        if isinstance(report, News) and report.progress.phase == "loading":
            bench.server.control._cancelled.add(4)

    bench.server.on = cancel
    assert bench.runner.run(run(request=REQUEST)).outcome == "cancelled"
    told = [one.progress for one in bench.server.news if one.progress.phase == "loading"]
    assert len(told) == 1 and 0 < told[0].step < told[0].steps, "bytes"
    bench.server.on = lambda report: None
    bench.server.control._cancelled.clear()
    assert len(bench.draw()) == 4


def test_what_an_extension_loads_counts_when_the_models_place_is_chosen(bench, monkeypatch):
    uses = [ModelUse("controlnet", "big")]
    big = Entry(
        id="big", kind="controlnet", name="big", path="big", folder="", format="safetensors",
        dtype="F32", bytes=10**6,
    )  # fmt: skip
    monkeypatch.setattr(bench.runner._extensions, "models_of", lambda *asked: uses)
    monkeypatch.setattr(bench.runner._catalog, "find", lambda kind, name: big)
    wanted: list[Wanted] = []
    get = bench.manager.get

    def watched(info, progress, beside=(), wanted_=WANTED):
        wanted.append(wanted_)
        return get(info, progress, beside, wanted_)

    monkeypatch.setattr(bench.manager, "get", watched)
    bench.draw(batch_count=1, batch_size=1)
    assert {one.work.beside for one in wanted} == {10**6}


def test_a_job_says_in_how_many_bits_its_model_is_kept(bench):
    one = {"batch_count": 1, "batch_size": 1}
    plain, small = bench.draw(**one), bench.draw(**one, storage="4bit")
    said = [made.infotext for made, _ in bench.server.made]
    assert "Diffusion in Low Bits: bnb-nf4" in said[1] and "Low Bits" not in said[0]
    assert not np.array_equal(plain[0], small[0])
    assert np.array_equal(bench.draw(**one)[0], plain[0])
    kinds = {type(layer) for layer in bench.model.unet.modules()}
    assert StoredLinear not in kinds, "the one with all bits is still there, as it was"


def test_what_draws_over_an_enlarged_picture_is_kept_in_few_bits(bench):
    picture = encode(Image.new("RGB", (64, 64), "teal"), "png", 90, "")
    image = Store(bench.folder / "pictures").put(picture).id
    drawn_over = TiledDiffusion(
        model="tiny", sampler="Euler", schedule="Automatic", steps=3, cfg_scale=5,
        seed=7, strength=0.9, tile=64,
    )  # fmt: skip
    for storage in (None, "8bit"):
        request = Upscale(
            image=image, by=1, upscaler="Lanczos", diffusion=drawn_over, storage=storage
        )
        assert bench.runner.run(run(request=request)).outcome == "finished"
    said = [made.infotext for made, _ in bench.server.made]
    assert "low bits" not in said[0] and "Tiled diffusion low bits: " in said[1]
    assert bench.server.made[0][1] != bench.server.made[1][1]
