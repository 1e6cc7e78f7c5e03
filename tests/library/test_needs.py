from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from tests.gguf_files import write_weights
from webui.core.memory import ModelUse, Sizes, Work
from webui.core.offers import ModelCard, ModelInfo
from webui.core.requests import Txt2Img
from webui.library import needs
from webui.library.entries import Entry
from webui.library.needs import Asked, bytes_beside, sizes_of
from webui.library.shown import LARGEST

CARD = ModelCard(width=512, height=768)


@pytest.mark.parametrize(
    ("values", "work"),
    [
        ({}, Work(pixels=512 * 768, pictures=1, rows=2)),
        ({"width": 1024, "batch_size": 3, "cfg_scale": 1}, Work(1024 * 768, 3, 1)),
        ({"prompt": "a <lora:style:0.5>"}, Work(512 * 768, 1, 2, adapters=True)),
        ({"prompts": ["a", "<lora:style>"]}, Work(512 * 768, 1, 2, adapters=True)),
        ({"hires": {"scale": 2}}, Work(1024 * 1536)),
        ({"batch_size": 2, "loopback": {"loops": 2}}, Work(512 * 768)),
        ({"kind": "animation", "settings": {"W": 320, "H": 256}}, Work(320 * 256)),
        ({"kind": "animation", "settings": {"W": "odd"}}, Work(512 * 768)),
        ({"hires": {"scale": 2, "width": 768, "height": 768}}, Work(768 * 1152)),
        ({"hires": {"prompt": "<lora:style:1>"}}, Work(1024 * 1536, adapters=True)),
        ({"kind": "upscale", "diffusion": {"tile": 640}}, Work(640 * 640)),
        ({"kind": "upscale", "diffusion": {}}, Work(512 * 512)),
    ],
)
def test_what_a_request_asks_for(values, work):
    assert Asked.of(values).work(CARD) == work


def test_a_distilled_model_has_no_second_row():
    assert Asked.of({}).work(ModelCard(distilled=True)).rows == 1


def test_the_worker_reads_the_same_of_the_whole_request():
    values = {"width": 640, "height": 512, "batch_size": 2, "hires": {"scale": 1.5}}
    request = Txt2Img.model_validate({**values, "prompt": "a"})
    assert Asked.of(request).work(CARD) == Asked.of(values).work(CARD)


def test_loras_that_always_join_a_model_count():
    always = ModelInfo(id="x", path="x", format="fake", card=CARD, loras=(("style", 0.5),))
    assert Asked.of({}).of_model(always).adapters
    assert not Asked.of({}).of_model(always.model_copy(update={"loras": ()})).adapters


def test_pictures_that_a_model_is_shown_count():
    model = ModelInfo(id="x", path="x", format="fake", card=CARD, family="flux2")
    two = {"references": {"1": "sha256:a", "hat": "sha256:b"}}
    assert Asked.of(two).of_model(model).shown == 2 * LARGEST
    assert Asked.of({**two, "image": "sha256:c"}).of_model(model).shown == 3 * LARGEST
    under = {"image": "sha256:c", "mask": "sha256:d"}
    assert Asked.of(under).of_model(model).shown == 0
    assert Asked.of(two).of_model(model.model_copy(update={"family": "sd1"})).shown == 0


def half(*names: str, numbers: int = 1000):
    return {name: torch.zeros(numbers, dtype=torch.float16) for name in names}


def info(path, family: str) -> ModelInfo:
    kind = "diffusers" if path.is_dir() else "safetensors"
    size = path.stat().st_size if path.is_file() else 0
    return ModelInfo(id="x", path=str(path), format=kind, family=family, bytes=size)


def test_parts_of_a_single_file_and_their_precision(tmp_path):
    file = tmp_path / "xl.safetensors"
    save_file(
        half(
            "model.diffusion_model.a",
            "model.diffusion_model.b",
            "first_stage_model.a",
            "conditioner.embedders.0.transformer.a",
            "conditioner.embedders.1.model.a",
            "conditioner.embedders.1.model.b",
        ),
        file,
    )
    assert sizes_of(info(file, "sdxl"), 2) == Sizes(6000, 4000, 4000, 2000)
    assert sizes_of(info(file, "sdxl"), 4).whole == 2 * 12000


def test_matrices_of_8_bits_stay_so(tmp_path):
    file = tmp_path / "small.safetensors"
    tensors = half("first_stage_model.a", "cond_stage_model.a")
    eight = torch.zeros(20, 25).to(torch.float8_e4m3fn)
    tensors["model.diffusion_model.a"] = eight
    tensors["model.diffusion_model.b"] = eight[0].clone()
    tensors["cond_stage_model.b"] = eight.clone()
    save_file(tensors, file)
    assert sizes_of(info(file, "sd1"), 4) == Sizes(6000, 6000, 500 + 100, 4000, few=500)


@pytest.mark.parametrize(("storage", "few"), [("fp8", 1280), ("8bit", 1360), ("4bit", 720)])
def test_what_a_card_wants_smaller(tmp_path, storage, few):
    file = tmp_path / "a.safetensors"
    tensors = half("vae.a", "text_encoders.clip_l.a")
    save_file({**tensors, "double_blocks.0.a": torch.zeros(20, 64).half()}, file)
    model = info(file, "flux")
    assert sizes_of(model, 2).few == 0
    smaller = model.model_copy(update={"card": ModelCard(storage=storage)})
    assert (sizes_of(smaller, 2).network, sizes_of(smaller, 2).few) == (few, few)
    assert sizes_of(smaller, 2).vae == 2000


def test_blocks_of_a_gguf_stay_so(tmp_path):
    weights = {"double_blocks.0.a": torch.zeros(20, 64), "img_in.bias": torch.zeros(5)}
    sizes = sizes_of(info(write_weights(tmp_path / "a.gguf", weights), "flux"), 2)
    assert (sizes.network, sizes.few) == (20 * 2 * 34 + 5 * 2, 20 * 2 * 34)


def test_parts_of_a_folder(tmp_path):
    folder = tmp_path / "model"
    for part, count in (("transformer", 1), ("vae", 1), ("text_encoder", 1), ("text_encoder_2", 2)):
        (folder / part).mkdir(parents=True)
        name = "model" if part.startswith("text") else "diffusion_pytorch_model"
        save_file(half(*map(str, range(count))), folder / part / f"{name}.safetensors")
    assert sizes_of(info(folder, "flux"), 2) == Sizes(6000, 4000, 2000, 2000)


def test_what_lies_beside_a_network_is_as_large_as_usual(tmp_path):
    file = tmp_path / "flux.safetensors"
    save_file(half("double_blocks.0.a"), file)
    sizes = sizes_of(info(file, "flux"), 2)
    assert (sizes.network, sizes.longest) == (2000, 2 * 4762 * 10**6)


def encoder(path: Path, side: int, dtype: torch.dtype = torch.float16) -> int:
    """A file that stands for a text encoder, of that number of weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = max(64, side // 64)
    save_file({"a": torch.zeros(64, count, dtype=torch.float32).to(dtype)}, path)
    return 64 * count


@pytest.fixture
def small_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Usual sizes a thousandth of those that are."""
    usual = {"text_encoder": 123, "text_encoder_2": 4762, "vae": 84}
    monkeypatch.setattr(needs, "_USUAL", {"flux": usual})
    monkeypatch.setattr(needs, "MILLION", 1000)
    monkeypatch.setattr(needs, "_LARGE", 10**6)


@pytest.mark.usefixtures("small_encoders")
def test_what_lies_beside_a_network_is_as_large_as_its_file(tmp_path: Path):
    file = tmp_path / "diffusion_models" / "flux.safetensors"
    file.parent.mkdir()
    save_file(half("double_blocks.0.a"), file)
    model = info(file, "flux")
    assert sizes_of(model, 2).longest == 2 * 4_762_000
    folder = tmp_path / "text_encoders"
    (tmp_path / "text_encoders").mkdir()
    t5 = encoder(folder / "t5.safetensors", 4_800_000, torch.float8_e4m3fn)
    clip = encoder(folder / "clip.safetensors", 128_000)
    encoder(folder / "qwen.safetensors", 4_000_000)
    (folder / "broken.safetensors").write_bytes(b"no header")
    told = sizes_of(model, 2)
    assert (told.longest, told.text) == (t5, t5 + 2 * clip)
    assert told.vae == 2 * 84_000
    named = model.model_copy(update={"card": ModelCard(parts={"text_encoder_2": "qwen"})})
    assert sizes_of(named, 2).longest == 2 * 4_000_000


@pytest.mark.usefixtures("small_encoders")
def test_what_a_card_wants_smaller_lies_beside_it_too(tmp_path: Path):
    file = tmp_path / "flux.safetensors"
    save_file(half("double_blocks.0.a"), file)
    smaller = info(file, "flux").model_copy(update={"card": ModelCard(storage="fp8")})
    told = sizes_of(smaller, 2)
    assert (told.longest, told.text) == (4_762_000, 4_762_000 + 2 * 123_000)


@pytest.mark.parametrize(("wide", "millions"), [(15360, 17344), (7680, 3114), (1, 17344)])
def test_what_reads_for_flux_2_is_told_by_its_network(tmp_path, wide, millions):
    file = tmp_path / "flux2.safetensors"
    tensors = {"txt_in.weight": torch.zeros(1, wide, dtype=torch.float16)}
    save_file({**half("double_blocks.0.a"), **tensors}, file)
    assert sizes_of(info(file, "flux2"), 2).longest == 2 * millions * 10**6


def test_a_file_without_a_header_is_told_by_its_size(tmp_path):
    file = tmp_path / "old.ckpt"
    file.write_bytes(b"no header")
    told = info(file, "sd1").model_copy(update={"bytes": 2_130_000_000})
    assert sizes_of(told, 2).whole == 2_130_000_000


def test_a_file_that_changed_is_read_again(tmp_path):
    file = tmp_path / "x.safetensors"
    save_file(half("model.diffusion_model.a", "vae.a", "text_encoders.clip_l.a"), file)
    first = sizes_of(info(file, "sd1"), 2)
    save_file(half("model.diffusion_model.a", "vae.a", "text_encoders.clip_l.a", numbers=9), file)
    assert sizes_of(info(file, "sd1"), 2).whole < first.whole


def test_networks_beside_the_model_count_once_in_its_precision():
    def entry(name: str, dtype: str) -> Entry:
        return Entry(
            id=name, kind="controlnet", name=name, path=name, folder="", format="safetensors",
            dtype=dtype, bytes=1000,
        )  # fmt: skip

    there = {
        name: entry(name, dtype)
        for name, dtype in (("half", "F16"), ("full", "F32"), ("few", "F8_E4M3"))
    }

    def bytes_of(*uses: ModelUse, width: int = 2) -> int:
        return bytes_beside(uses, lambda kind, name: there.get(name), width)

    half, full, few = (ModelUse("controlnet", name) for name in there)
    assert bytes_of(half, half, full, few) == 1000 + 500 + 2000
    assert bytes_of(half, full, few, width=4) == 2000 + 1000 + 4000
    assert bytes_of(ModelUse("controlnet", "none")) == 0
    turns = [replace(one, in_turns=True) for one in (half, full, few)]
    assert bytes_of(*turns) == 2000
    assert bytes_of(few, *turns) == 2000 + 1000, "one that stays is there anyhow"


def test_a_request_may_want_fewer_bits_than_the_card(tmp_path):
    file = tmp_path / "a.safetensors"
    save_file({"double_blocks.0.a": torch.zeros(20, 64).half()}, file)
    model = info(file, "flux").stored("8bit")
    assert sizes_of(model.stored(Asked.of({}).storage), 2).few == 1360
    assert sizes_of(model.stored(Asked.of({"storage": "4bit"}).storage), 2).few == 720
    assert sizes_of(model.stored(Asked.of({"storage": "native"}).storage), 2).few == 0
    with pytest.raises(ValidationError):
        Asked.of({"storage": "3bit"})
