"""LoRAs through the real worker: tiny models, real files."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.models.adapters.makers import kohya, networks_of, same, weights_of, write
from tests.worker.test_runner import Server, run
from webui.core.errors import UserError
from webui.core.plugins import Extensions
from webui.core.requests import Img2Img, Txt2Img
from webui.engine.upscalers import Upscalers
from webui.library.catalog import Catalog
from webui.library.store import Store
from webui.models.manager import ModelManager
from webui.worker.line import Control
from webui.worker.runner import Runner

CPU = torch.device("cpu")
REQUEST = Txt2Img(
    prompt="a cat", model="tiny", sampler="Euler", schedule="Automatic", steps=2, cfg_scale=5,
    width=64, height=64, seed=7, variation_seed=1, noise_source="cpu", clip_skip=1,
    image_format="png",
)  # fmt: skip


class OneModel(Catalog):
    """A catalog whose only checkpoint is the tiny model."""

    def __init__(self, info, folder: Path) -> None:
        super().__init__([folder], folder / "none", folder / "index.sqlite")
        self.info = info

    def get(self, name=None):
        return self.info


class Bench:
    """A worker with a folder of LoRAs."""

    def __init__(self, tiny, folder: Path) -> None:
        self.folder = folder
        self.server = Server(Control())
        self.manager = ModelManager(CPU)
        self.info = tiny.folder_info
        self.store = Store(folder / "pictures")
        tools = Upscalers((), CPU), self.store, Extensions((), "worker")
        answers = self.server.send, self.server.control
        self.runner = Runner(OneModel(self.info, folder), self.manager, *tools, *answers)

    @property
    def model(self):
        return self.manager.get(self.info, lambda done, total: None)

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


def test_the_files_hash_is_written_as_a1111_writes_it(bench):
    one, two = bench.lora("one"), bench.lora("two", sshs_model_hash="ab" * 32)
    bench.draw("a cat <lora:one:0.5> <lora:Two:1>")
    tensors = one.read_bytes()
    tensors = tensors[8 + int.from_bytes(tensors[:8], "little") :]
    short = hashlib.sha256(tensors).hexdigest()[:12]
    assert f'Lora hashes: "one: {short}, Two: {"ab" * 6}", Version:' in bench.infotext
    assert two.exists() and "<lora:one:0.5> <lora:Two:1>" in bench.infotext


def test_a_lora_for_other_models_is_told_by_both_families(bench, tmp_path):
    tensors = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight":
            torch.zeros(2, 2048),
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight":
            torch.zeros(32, 2),
    }  # fmt: skip
    write(tmp_path / "loras" / "wide.safetensors", tensors)
    with pytest.raises(UserError, match="“wide” was made for sdxl models, and tiny is a sd1"):
        bench.draw("a cat <lora:wide:1>")
    write(tmp_path / "loras" / "other.safetensors", {"lora_unet_x.diff": torch.zeros(3)})
    with pytest.raises(UserError, match="fits none of the layers of tiny"):
        bench.draw("a cat <lora:other:1>")
    assert bench.server.made == []


def test_what_fits_of_a_lora_is_applied_and_the_rest_counted(bench, tmp_path):
    tensors = kohya(networks_of(bench.model))
    write(tmp_path / "loras" / "whole.safetensors", tensors)
    write(tmp_path / "loras" / "more.safetensors", {**tensors, "lora_unet_x.diff": torch.ones(3)})
    (whole,) = bench.draw("a cat <lora:whole:1>")
    (more,) = bench.draw("a cat <lora:more:1>")
    assert np.array_equal(whole, more)
    assert f'Lora layers left out: "more: 1 of {len(tensors) // 3 + 1}"' in bench.infotext


@pytest.mark.parametrize("tag", ["<lora:style:strong>", "<lora:style:nan>", "<lora:style:1:1:x>"])
def test_a_strength_is_a_number(bench, tag):
    bench.lora()
    with pytest.raises(UserError, match="no number"):
        bench.draw(f"a cat {tag}")


def test_other_tags_are_not_dropped_in_silence(bench):
    with pytest.raises(UserError, match="<hypernet:x:1>"):
        bench.draw("a cat <hypernet:x:1>")


def test_strengths_at_their_ends(bench):
    bench.lora()
    (plain,) = bench.draw("a cat")
    (none,) = bench.draw("a cat <lora:style:0>")
    (against,) = bench.draw("a cat <lora:style:-1>")
    assert np.array_equal(plain, none) and (plain != against).any()
    with pytest.raises(UserError, match="no picture"):
        bench.draw("a cat <lora:style:1000>")
    (after,) = bench.draw("a cat")
    assert np.array_equal(plain, after)


def test_a_file_that_changes_is_read_again(bench):
    bench.lora(seed=1)
    (first,) = bench.draw("a cat <lora:style:1>")
    bench.lora(seed=2)
    (second,) = bench.draw("a cat <lora:style:1>")
    assert (first != second).any()


def test_damaged_files(bench):
    path = bench.lora()
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(UserError, match="style.safetensors") as cut:
        bench.draw("a cat <lora:style:1>")
    assert cut.value.problem.field == "prompt"
    path.write_bytes(b"not at all" * 9)
    with pytest.raises(UserError, match="style.safetensors"):
        bench.draw("a cat <lora:style:1>")
    tensors = kohya(networks_of(bench.model))
    next(iter(tensors.values()))[0] = torch.nan
    write(path, tensors)
    with pytest.raises(UserError, match="not numbers"):
        bench.draw("a cat <lora:style:1>")
    path.write_bytes(whole)
    bench.draw("a cat <lora:style:1>")


def test_an_embedding_is_named_in_a_prompt(bench, tmp_path):
    vectors = torch.randn(3, 32, generator=torch.Generator().manual_seed(1))
    path = write(tmp_path / "embeddings" / "charturner.safetensors", {"emb_params": vectors})
    write(tmp_path / "embeddings" / "cat.safetensors", {"emb_params": torch.ones(1, 99)})
    (plain,) = bench.draw("a cat")
    (named,) = bench.draw("a cat, CharTurner")
    short = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert f'TI hashes: "charturner: {short}"' in bench.infotext
    (comfy,) = bench.draw("a cat, embedding:CharTurner")
    assert np.array_equal(comfy, named) and "embedding:" not in bench.infotext
    (emphasised,) = bench.draw("a cat, (charturner:1.4)")
    (against,) = bench.draw("a cat", negative_prompt="charturner")
    assert f'TI hashes: "charturner: {short}"' in bench.infotext
    for drawn in (named, emphasised, against):
        assert (drawn != plain).any()
    assert (named != emphasised).any()
    (after,) = bench.draw("a cat")
    assert np.array_equal(plain, after) and "TI hashes" not in bench.infotext
    path.unlink()
    (word,) = bench.draw("a cat, CharTurner")
    assert (word != named).any()


def test_the_autoencoder_named_like_the_model_is_used(bench, tmp_path, tiny):
    (plain,) = bench.draw("a cat")
    weights = load_file(tiny.folder / "vae" / "diffusion_pytorch_model.safetensors")
    other = {name: tensor * 1.2 for name, tensor in weights.items()}
    path = write(tmp_path / "vae" / "tiny.safetensors", other)
    (automatic,) = bench.draw("a cat")
    short = hashlib.sha256(path.read_bytes()).hexdigest()[:10]
    assert f"VAE hash: {short}, VAE: tiny.safetensors" in bench.infotext
    (own,) = bench.draw("a cat", vae="None")
    assert "VAE" not in bench.infotext
    assert (automatic != plain).any() and np.array_equal(own, plain)
    with pytest.raises(UserError, match="no VAE “nobody”") as error:
        bench.draw("a cat", vae="nobody")
    assert error.value.problem.field == "vae"


def test_loops_of_pictures_with_other_loras_are_refused(bench):
    bench.lora()
    data = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(data, "PNG")
    ref = bench.store.put(data.getvalue()).id
    values = REQUEST.model_dump(exclude={"kind", "hires", "reference_strength"})
    prompts = ("a <lora:style:1>", "b")
    asked = {**values, "image": ref, "loopback": {"loops": 2}, "strength": 0.5}
    alike = Img2Img.model_validate({**asked, "prompts": prompts})
    assert bench.runner.run(run(request=alike)).outcome == "finished"
    mixed = {**asked, "prompts": prompts * 2, "batch_size": 2}
    with pytest.raises(UserError, match="one batch"):
        bench.runner.run(run(request=Img2Img.model_validate(mixed)))
