"""Flow models in single files draw what their folders draw, wherever the other parts lie."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.flow_layout import write_part, write_whole
from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_flux, write_sd3
from webui.core.errors import UserError
from webui.library.recognition import recognise_file
from webui.library.weights import read_config
from webui.models.checkpoint import CONFIGS
from webui.models.components import make
from webui.models.families.flux import KINDS as FLUX_KINDS
from webui.models.families.flux import Flux
from webui.models.families.sd3 import KINDS as SD3_KINDS
from webui.models.families.sd3 import SD3
from webui.models.loading import without_weights

LARGE = {"qk_norm": "rms_norm", "dual_attention_layers": (0,), "num_layers": 3}
"""What Stable Diffusion 3.5 has and 3 has not."""
BESIDE = {
    "vae": "vae/ae.safetensors",
    "text_encoder": "text_encoders/clip_l.safetensors",
    "text_encoder_2": "clip/sub/t5xxl.safetensors",
}


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd3(tmp_path_factory.mktemp("sd3") / "configs")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flux(tmp_path_factory.mktemp("flux") / "configs")


@pytest.fixture
def apart(flux, tmp_path) -> Path:
    """A transformer of Flux below models/unet, with its other parts where people keep them."""
    for part, name in BESIDE.items():
        write_part(flux, "flux", part, tmp_path / "models" / name)
    path = tmp_path / "models" / "unet" / "deep" / "flux-dev.safetensors"
    return write_part(flux, "flux", "transformer", path)


def same(family: Any, folder: Path, file: Path, kind: str, **card: Any) -> None:
    """Both compute the same, to the bit."""
    one, other = load(family, info_of(folder, kind)), load(family, info_of(file, kind, **card))
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    made, wanted = (
        model.predict_x0(x, 0.6, model.encode_texts(["a red apple"])) for model in (other, one)
    )
    assert torch.equal(made, wanted)
    assert torch.equal(other.decode(x), one.decode(x))
    assert torch.equal(other.noise_levels(8, 8).sigmas, one.noise_levels(8, 8).sigmas)


@pytest.mark.parametrize("transformer", [{}, LARGE])
def test_a_file_with_all_of_stable_diffusion_3(tmp_path, transformer):
    folder = write_sd3(tmp_path / "configs", **transformer)
    file = write_whole(folder, "sd3", tmp_path / "sd3.safetensors")
    assert recognise_file(file).family == "sd3"
    same(SD3(folder), folder, file, "sd3")


def test_t5_may_lack_in_a_file(tmp_path):
    folder = write_sd3(tmp_path / "configs", t5=False)
    shutil.copytree(CONFIGS / "sd3" / "text_encoder_3", folder / "text_encoder_3")
    file = write_whole(folder, "sd3", tmp_path / "sd3.safetensors", "text_encoder_3")
    same(SD3(folder), folder, file, "sd3")


def test_a_file_with_all_of_flux(flux, tmp_path):
    file = write_whole(flux, "flux", tmp_path / "flux.safetensors")
    assert recognise_file(file).family == "flux"
    same(Flux(flux), flux, file, "flux")


def test_the_other_parts_may_lie_beside(flux, apart):
    assert recognise_file(apart).family == "flux"
    same(Flux(flux), flux, apart, "flux")


def test_a_card_names_the_part_where_several_would_do(flux, apart):
    vae = apart.parents[2] / "vae"
    own = load_file(vae / "ae.safetensors")
    save_file({name: value + 1 for name, value in own.items()}, vae / "a.safetensors")
    with pytest.raises(AssertionError):
        same(Flux(flux), flux, apart, "flux")
    same(Flux(flux), flux, apart, "flux", parts={"vae": "ae"})
    with pytest.raises(UserError) as raised:
        same(Flux(flux), flux, apart, "flux", parts={"vae": "none"})
    assert raised.value.problem.code == "model_companion_missing"


def test_what_looks_the_same_but_belongs_to_another_family_is_passed_over(flux, apart):
    vae = apart.parents[2] / "vae"
    own = load_file(vae / "ae.safetensors")
    save_file({name: value + 1 for name, value in own.items()}, vae / "a_sd3_vae.safetensors")
    (vae / "aa.safetensors").write_bytes(b"damaged")
    same(Flux(flux), flux, apart, "flux")


@pytest.mark.parametrize(("part", "told"), [("vae", "VAE"), ("text_encoder_2", "T5 (t5xxl)")])
def test_a_part_that_lies_nowhere_is_named_with_its_place(flux, apart, part, told):
    (apart.parents[2] / BESIDE[part]).unlink()
    with pytest.raises(UserError) as raised:
        load(Flux(flux), info_of(apart, "flux"))
    problem = raised.value.problem
    assert problem.code == "model_companion_missing" and problem.values["what"] == told


def test_t5_without_its_tokenizer_says_which_file_to_add(flux, apart, tmp_path):
    configs = shutil.copytree(flux, tmp_path / "configs")
    tokenizer = configs / "tokenizer_2" / "tokenizer.json"
    with pytest.raises(UserError) as raised:
        tokenizer.rename(tmp_path / "kept.json")
        load(Flux(configs), info_of(apart, "flux"))
    assert raised.value.problem.code == "t5_tokenizer_missing"
    assert str(raised.value.problem.values["folder"]).endswith("text_encoders")
    shutil.copy(tmp_path / "kept.json", apart.parents[2] / "text_encoders" / "t5-tokenizer.json")
    same(Flux(configs), flux, apart, "flux")


@pytest.mark.parametrize("key", ["img_in.weight", "double_blocks.1.img_mod.lin.bias"])
def test_a_tensor_that_is_missing_is_named(flux, apart, key):
    tensors = load_file(apart)
    del tensors[key]
    save_file(tensors, apart)
    with pytest.raises(UserError) as raised:
        load(Flux(flux), info_of(apart, "flux"))
    assert raised.value.problem.code == "model_weights_missing"


def test_a_file_of_stable_diffusion_3_that_lacks_something_is_refused(sd3, tmp_path):
    file = write_whole(sd3, "sd3", tmp_path / "sd3.safetensors")
    tensors = load_file(file)
    del tensors["model.diffusion_model.x_embedder.proj.weight"]
    save_file(tensors, file)
    with pytest.raises(UserError) as raised:
        load(SD3(sd3), info_of(file, "sd3"))
    assert raised.value.problem.code == "model_weights_missing"


@pytest.mark.parametrize(
    ("kinds", "family", "millions"),
    [
        (SD3_KINDS, "sd3", (2028, 84, 124, 695, 4762)),
        (FLUX_KINDS, "flux", (11901, 84, 123, 4762)),
    ],
)
def test_the_configs_are_of_the_published_sizes(kinds, family, millions):
    counts: list[int] = []
    for part in kinds.parts:
        config = read_config(CONFIGS / family / part / "config.json", part)
        with without_weights():
            network = make(kinds, part)(config)
        own = dict(network.named_parameters())
        own.pop("encoder.embed_tokens.weight", None)  # the same as `shared`, once filled
        counts.append(round(sum(one.numel() for one in own.values()) / 1e6))
    assert tuple(counts) == millions
