"""LoRAs through the real worker: tiny models, real files."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models.adapters.makers import kohya, networks_of, same, weights_of, write
from tests.worker.test_runner import Server, run
from webui.core.errors import UserError
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.engine.upscalers import Upscalers
from webui.models.adapters.files import LoraFiles
from webui.models.adapters.joining import Adapters
from webui.models.manager import ModelManager
from webui.worker.line import Control
from webui.worker.runner import Runner

CPU = torch.device("cpu")
REQUEST = Txt2Img(
    prompt="a cat", model="tiny", sampler="Euler", schedule="Automatic", steps=2, cfg_scale=5,
    width=64, height=64, seed=7, variation_seed=1, noise_source="cpu", clip_skip=1,
    image_format="png",
)  # fmt: skip


class OneModel:
    """A catalog that knows the tiny model."""

    def __init__(self, info) -> None:
        self.info = info

    def get(self, name=None):
        return self.info

    def hash(self, model_id):
        return None


class Bench:
    """A worker with a folder of LoRAs."""

    def __init__(self, tiny, folder: Path) -> None:
        self.folder = folder
        self.server = Server(Control())
        self.manager = ModelManager(CPU)
        self.info = tiny.folder_info
        one, adapters = OneModel(self.info), Adapters(LoraFiles([folder]).find)
        tools = Upscalers((), CPU), None, Extensions((), "worker")
        answers = self.server.send, self.server.control
        self.runner = Runner(one, self.manager, *tools, *answers, adapters)  # pyright: ignore

    @property
    def model(self):
        return self.manager.get(self.info, lambda share: None)

    def lora(self, name: str = "style", seed: int = 0, **notes) -> Path:
        tensors = kohya(networks_of(self.model), seed=seed)
        return write(self.folder / "loras" / f"{name}.safetensors", tensors, notes)

    def draw(self, prompt: str, **changes) -> list[np.ndarray]:
        before = len(self.server.made)
        request = REQUEST.with_(prompt=prompt, **changes)
        assert self.runner.run(run(request=request)).outcome == "finished"
        made = self.server.made[before:]
        return [np.asarray(Image.open(io.BytesIO(data))) for _, data in made]

    @property
    def infotext(self) -> str:
        return self.server.made[-1][0].infotext


@pytest.fixture
def bench(tiny, tmp_path):
    return Bench(tiny, tmp_path)


def test_a_lora_changes_the_picture_and_is_gone_afterwards(bench):
    bench.lora()
    before = weights_of(bench.model)
    (plain,) = bench.draw("a cat")
    (styled,) = bench.draw("a cat <lora:style:0.8>")
    (again,) = bench.draw("a cat <lora:style:0.8>")
    (weaker,) = bench.draw("a cat <lora:style:0.4>")
    assert not same(weights_of(bench.model), before)
    (after,) = bench.draw("a cat")
    assert (styled != plain).mean() > 0.5
    assert (styled != weaker).any()
    assert np.array_equal(styled, again)
    assert np.array_equal(plain, after)
    assert same(weights_of(bench.model), before)
    assert "<lora:style:0.8>" in bench.server.made[1][0].infotext


def test_a_missing_lora_is_said_before_anything_is_drawn(bench):
    bench.lora("watercolour")
    with pytest.raises(UserError, match="Did you mean “watercolour”") as error:
        bench.draw("a cat <lora:watercolor:1>")
    assert error.value.problem.field == "prompt"
    with pytest.raises(UserError, match="There is no LoRA “zzz”"):
        bench.draw("a cat <lora:zzz:1>")
    assert bench.server.made == bench.server.news == []


def test_after_a_failure_nothing_is_left(bench, monkeypatch):
    bench.lora()
    before = weights_of(bench.model)
    (plain,) = bench.draw("a cat")
    model = bench.model

    def fail(*arguments, **named):
        raise RuntimeError("out of luck")

    with monkeypatch.context() as broken:
        broken.setattr(model, "decode", fail)
        with pytest.raises(RuntimeError, match="luck"):
            bench.draw("a cat <lora:style:0.8>")
    (after,) = bench.draw("a cat")
    assert np.array_equal(plain, after)
    assert same(weights_of(model), before)


def test_pictures_of_a_batch_with_other_loras_are_made_apart(bench):
    bench.lora("one", seed=1)
    bench.lora("two", seed=2)
    prompts = ("a cat <lora:one:0.7>", "a cat <lora:two:0.7>", "a cat")
    together = bench.draw("a cat", prompts=prompts, batch_size=3)
    for number, prompt in enumerate(prompts):
        (alone,) = bench.draw(prompt, seed=7 + number)
        assert np.array_equal(together[number], alone)
