"""Stable Diffusion 1 against diffusers' own pipeline, and the model that ships."""

from __future__ import annotations

import json
import shutil
import time
import weakref
from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from tests.models.families.drawing import (
    LINSPACE,
    PROMPT,
    SCALE,
    drawn_by_diffusers,
    euler,
    noise,
    relative,
    same,
)
from tests.tiny import Tiny, weights_of_configs, write_tiny
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.paths import CLONE, Paths
from webui.library.catalog import Catalog
from webui.library.recognition import recognise_folder
from webui.models.checkpoint import CONFIGS, read_tokenizer
from webui.models.families.sd1 import SD1
from webui.models.families.unet import UNetModel
from webui.models.manager import ModelManager, Wanted

# diffusers' scheduler hands a tensor to numpy in a way that numpy 2 will give up
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CPU = torch.device("cpu")


def load(info: ModelInfo, configs: Path = CONFIGS / "sd1") -> UNetModel:
    return SD1(configs).load(info, CPU, lambda done, total: None)


@pytest.fixture(scope="module")
def tiny_v(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("tiny-v"), "v_prediction", seed=1)


@pytest.fixture(params=["epsilon", "v_prediction"])
def either(request, tiny, tiny_v) -> Tiny:
    return tiny if request.param == "epsilon" else tiny_v


@torch.inference_mode()
def test_equals_the_pipeline_of_diffusers(either):
    model = load(either.folder_info)
    latents = euler(model)
    assert relative(latents, drawn_by_diffusers(StableDiffusionPipeline, either.folder)) < 1e-5
    drawn = drawn_by_diffusers(StableDiffusionPipeline, either.folder, output_type="np")
    assert relative(model.decode(latents), drawn.permute(0, 3, 1, 2)) < 1e-5


@torch.inference_mode()
def test_the_comparison_would_notice_a_mistake(tiny):
    model = load(tiny.folder_info)
    wanted = drawn_by_diffusers(StableDiffusionPipeline, tiny.folder)
    assert relative(euler(model, scale=SCALE - 0.1), wanted) > 1e-4
    assert relative(euler(model, prompt=PROMPT + "s"), wanted) > 1e-4
    assert relative(euler(model, timesteps=LINSPACE - 1), wanted) > 1e-4


@torch.inference_mode()
def test_a_single_file_is_the_same_model(either):
    file = load(either.file_info, either.folder)
    same(load(either.folder_info), file)


@torch.inference_mode()
def test_a_folder_of_files_that_torch_wrote_and_of_several_files(tiny, tmp_path):
    folder = shutil.copytree(tiny.folder, tmp_path / "tiny")
    for part in ("unet", "vae", "text_encoder"):
        (file,) = (folder / part).glob("*.safetensors")
        tensors = load_file(file)
        name = "pytorch_model" if part == "text_encoder" else file.stem
        if part != "unet":
            torch.save(tensors, folder / part / f"{name}.bin")
        for number in (1, 2) if part == "unet" else ():
            some = {one: tensors[one] for one in sorted(tensors)[number - 1 :: 2]}
            save_file(some, folder / part / f"{name}-0000{number}-of-00002.safetensors")
        file.unlink()
    info = tiny.folder_info.model_copy(update={"path": str(folder)})
    assert recognise_folder(folder).family == "sd1"
    same(load(tiny.folder_info), load(info))
    shards = {"a": "diffusion_pytorch_model-00001-of-00002.safetensors",
              "b": "diffusion_pytorch_model-00003-of-00003.safetensors"}  # fmt: skip
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": shards}))
    for read in (lambda: recognise_folder(folder), lambda: load(info)):
        with pytest.raises(UserError, match="tiny/unet/.*-00003-of-00003.* cannot be read"):
            read()


@torch.inference_mode()
@pytest.mark.parametrize("old", [False, True])
def test_a_file_that_torch_wrote_is_the_same_model(tiny, tmp_path, old):
    path, whole = tmp_path / "tiny.ckpt", {"epoch": 3, "state_dict": load_file(tiny.file)}
    torch.save(whole, path, _use_new_zipfile_serialization=not old)
    info = tiny.file_info.model_copy(update={"path": str(path), "format": "ckpt"})
    same(load(tiny.folder_info), load(info, tiny.folder))


@torch.inference_mode()
def test_the_same_again_to_the_bit_and_alone_or_together_nearly(tiny):
    model = load(tiny.folder_info)
    x, sigma = noise(4) * 5, 5.0
    words = model.encode_texts(["a", "b", "c", "d"])
    together = model.predict_x0(x, sigma, words)
    assert torch.equal(model.predict_x0(x, sigma, words), together)
    alone = torch.cat([model.predict_x0(x[i : i + 1], sigma, words[i : i + 1]) for i in range(4)])
    assert relative(together, alone) < 1e-6


@torch.inference_mode()
def test_residuals_reach_the_network(tiny):
    model = load(tiny.folder_info)
    x, words = noise() * 5, model.encode_texts(["a"])
    plain = model.predict_x0(x, 5.0, words)
    controlnet = ControlNetModel.from_unet(model.unet)  # its last layers are zero at first
    picture, tokens = torch.ones(1, 3, 64, 64), words[0].tokens[None]
    down, mid = controlnet(x, 500, tokens, picture, return_dict=False)
    names = ("down_block_additional_residuals", "mid_block_additional_residual")
    nothing = dict(zip(names, (down, mid), strict=True))
    assert torch.equal(model.predict_x0(x, 5.0, words, nothing), plain)
    something = dict(zip(names, (down, torch.randn(mid.shape)), strict=True))
    assert not torch.allclose(model.predict_x0(x, 5.0, words, something), plain, atol=1e-3)


def test_what_is_told_of_a_model(tiny):
    told: list[tuple[int, int]] = []
    model = SD1().load(tiny.folder_info, CPU, lambda *at: told.append(at))
    assert (model.latent.channels, model.latent.stride) == (4, 8)
    assert (model.device, model.dtype) == (CPU, torch.float32)
    assert told == sorted(told) and len(told) > 100
    assert told[-1][0] == told[-1][1]
    assert not model.unet.training


def test_nothing_is_kept_of_a_model_that_is_let_go(tiny, tiny_v):
    models = ModelManager(CPU)
    alone = Wanted(budget=0)
    weight = models.get(tiny.folder_info, lambda *done: None, (), alone).unet.conv_in.weight
    first = weakref.ref(weight)
    del weight
    alive: list[object] = []
    models.get(tiny_v.folder_info, lambda *done: alive.append(first()), (), alone)
    assert set(alive) == {None}


def test_old_names_of_the_autoencoder(tiny, tmp_path):
    folder = shutil.copytree(tiny.folder, tmp_path / "old")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = load_file(path)
    for new, name in old.items():
        tensors = {key.replace(f".{new}.", f".{name}."): tensors[key] for key in tensors}
    assert any(".proj_attn." in key for key in tensors)
    save_file(tensors, path)
    load(tiny.folder_info.model_copy(update={"path": str(folder)}))


def broken(tiny: Tiny, folder: Path, change) -> str:
    """The sentence for a copy of the tiny folder after a change."""
    shutil.copytree(tiny.folder, folder / "broken")
    change(folder / "broken")
    with pytest.raises(UserError) as caught:
        load(tiny.folder_info.model_copy(update={"path": str(folder / "broken")}))
    assert "broken" in str(caught.value)
    return caught.value.problem.code


def test_a_folder_without_a_unet(tiny, tmp_path):
    assert broken(tiny, tmp_path, lambda path: shutil.rmtree(path / "unet")) == "model_unreadable"
    weights = "unet/diffusion_pytorch_model.safetensors"
    code = broken(tiny, tmp_path / "b", lambda path: (path / weights).unlink())
    assert code == "model_part_missing"


def test_a_folder_without_a_tokenizer(tiny, tmp_path):
    code = broken(tiny, tmp_path, lambda path: shutil.rmtree(path / "tokenizer"))
    assert code == "model_unreadable"

    def take(folder: Path) -> None:
        (folder / "tokenizer" / "tokenizer.json").unlink()
        (folder / "tokenizer" / "merges.txt").unlink()

    assert broken(tiny, tmp_path / "b", take) == "model_part_missing"


@pytest.mark.parametrize(
    ("part", "name", "value", "code"),
    [
        ("unet", "block_out_channels", [32, 96], "model_weights_shape"),
        ("unet", "layers_per_block", 1, "model_weights_unknown"),
        ("unet", "block_out_channels", "wide", "model_damaged"),
        ("vae", "norm_num_groups", 3, "model_damaged"),
        ("text_encoder", "num_hidden_layers", 4, "model_weights_missing"),
        ("text_encoder", "hidden_size", "large", "model_damaged"),
        ("text_encoder", "num_attention_heads", 5, "model_damaged"),
        ("scheduler", "beta_schedule", "new", "model_schedule"),
        ("scheduler", "prediction_type", ["epsilon"], "model_damaged"),
        ("scheduler", "beta_start", "small", "model_damaged"),
        ("scheduler", "trained_betas", ["x"], "model_damaged"),
        ("scheduler", "num_train_timesteps", -5, "model_damaged"),
    ],
)
def test_configs_that_do_not_fit(tiny, tmp_path, part, name, value, code):
    def change(folder: Path) -> None:
        (path,) = (folder / part).glob("*config.json")
        config = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**config, name: value}), encoding="utf-8")

    assert broken(tiny, tmp_path, change) == code


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json"])
def test_a_tokenizer_that_is_cut_off(tiny, tmp_path, name):
    def change(folder: Path) -> None:
        for other in {"tokenizer.json"} - {name}:
            (folder / "tokenizer" / other).unlink()
        path = folder / "tokenizer" / name
        path.write_bytes(path.read_bytes()[:1000])

    assert broken(tiny, tmp_path, change) == "model_damaged"


def test_a_single_file_with_a_weight_missing(tiny, tmp_path):
    tensors = load_file(tiny.file)
    del tensors["model.diffusion_model.out.2.weight"]
    save_file(tensors, tmp_path / "less.safetensors")
    info = tiny.file_info.model_copy(update={"path": str(tmp_path / "less.safetensors")})
    with pytest.raises(
        UserError, match=r"less\.safetensors .* missing, the first is conv_out.weight"
    ):
        load(info, tiny.folder)


def test_a_single_file_of_another_size_than_stable_diffusion(tiny):
    with pytest.raises(UserError, match=r"tiny-file\.safetensors does not fit"):
        load(tiny.file_info)


def test_a_single_file_with_more_than_the_model(tiny, tmp_path):
    tensors = load_file(tiny.file)
    clip = "cond_stage_model.transformer."
    more = {
        f"{clip}text_model.embeddings.position_ids": torch.arange(77)[None],
        f"{clip}text_projection.weight": torch.ones(32, 32),
        "model_ema.decay": torch.ones(1),
        "alphas_cumprod": torch.ones(1000),
    }
    save_file({**tensors, **more}, tmp_path / "more.safetensors")
    info = tiny.file_info.model_copy(update={"path": str(tmp_path / "more.safetensors")})
    load(info, tiny.folder)


def test_configs_for_single_files_are_those_of_stable_diffusion_1():
    sizes = weights_of_configs(SD1(), CONFIGS / "sd1")
    assert sizes == {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480}


def test_the_tokenizer_for_single_files_is_clips():
    tokenizer = read_tokenizer(CONFIGS / "sd1" / "tokenizer", "x")
    ids = tokenizer("a photo of an astronaut riding a horse")["input_ids"]
    assert ids == [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 49407]
    assert (len(tokenizer), tokenizer.pad_token_id) == (49408, 49407)


@torch.inference_mode()
def test_the_model_that_ships_draws_a_red_apple(tmp_path):
    info = Catalog.of(Paths.choose(data=tmp_path)).get()
    assert Path(info.path) == CLONE / "models" / "checkpoints" / "easel-demo"
    start = time.process_time()
    model = load(info)
    assert time.process_time() - start < 3
    assert info.card.preview == model.latent.preview
    x = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    steps = torch.linspace(999, 0, 12)
    pixels = model.decode(euler(model, x, "a red apple", scale=4.0, timesteps=steps))[0]
    red, green, blue = pixels[:, 44:84, 44:84].flatten(1).median(1).values.tolist()
    assert red > 0.6 and red > green + 0.3 and red > blue + 0.2
    assert pixels[:, :8, :8].mean() > 0.8, "on white"
