"""Flow models in single files draw what their folders draw, wherever the other parts lie."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.flow_layout import flow_layout, write_part, write_whole
from tests.gguf_files import rounded, write_weights
from tests.llama_cpp import write_llama
from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_flux, write_sd3
from webui.core.errors import UserError
from webui.library.recognition import recognise_file
from webui.library.weights import read_config
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.checkpoint import CONFIGS
from webui.models.components import make
from webui.models.families.flux import KINDS as FLUX_KINDS
from webui.models.families.flux import Flux
from webui.models.families.sd3 import KINDS as SD3_KINDS
from webui.models.families.sd3 import SD3
from webui.models.loading import without_weights
from webui.models.stored import StoredLinear

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


def in_8_bits(flux: Path, part: str, path: Path) -> tuple[Path, Path]:
    """A part as GGUF, and what is left of its numbers as safetensors."""
    tensors = flow_layout(flux, "flux", part, "")
    plain = path.with_suffix(".safetensors")
    plain.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: rounded(value) for name, value in tensors.items()}, plain)
    if part.startswith("text"):
        tensors = {llama_name(name): value for name, value in tensors.items()}
        tensors.pop("encoder.embed_tokens.weight", None)
    return write_weights(path.with_suffix(".gguf"), tensors), plain


def llama_name(name: str) -> str:
    layers = {
        "layer.0.SelfAttention.relative_attention_bias": "attn_rel_b",
        **{f"layer.0.SelfAttention.{one}": f"attn_{one}" for one in "qkvo"},
        **{"layer.0.layer_norm": "attn_norm", "layer.1.layer_norm": "ffn_norm"},
        "layer.1.DenseReluDense.wi_0": "ffn_gate",
        "layer.1.DenseReluDense.wi_1": "ffn_up",
        "layer.1.DenseReluDense.wo": "ffn_down",
        "encoder.final_layer_norm": "enc.output_norm",
        "shared": "token_embd",
    }
    for old, new in layers.items():
        name = name.replace(old, new)
    return name.replace("encoder.block.", "enc.blk.")


def test_a_transformer_in_blocks_of_8_bits(flux, apart):
    packed, plain = in_8_bits(flux, "transformer", apart.with_name("q8"))
    assert recognise_file(packed).family == "flux"
    one, other = (load(Flux(flux), info_of(path, "flux")) for path in (packed, plain))
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    made, wanted = (
        model.predict_x0(x, 0.6, model.encode_texts(["a red apple"])) for model in (one, other)
    )
    torch.testing.assert_close(made, wanted)
    blocks = [model.transformer.transformer_blocks[0] for model in (one, other)]
    assert [type(block.attn.to_q) for block in blocks] == [StoredLinear, torch.nn.Linear]


def test_a_lora_of_fused_layers_on_blocks_joined_and_taken_off_to_the_bit(flux, apart, tmp_path):
    models = [
        load(Flux(flux), info_of(path, "flux"))
        for path in in_8_bits(flux, "transformer", apart.with_name("q8"))
    ]
    shapes = {name: value.shape for name, value in load_file(apart).items()}
    lora: dict[str, torch.Tensor] = {}
    for layer in ("double_blocks.0.img_attn.qkv", "single_blocks.1.linear1", "img_in"):
        outputs, inputs = shapes[f"{layer}.weight"]
        name = f"lora_unet_{layer.replace('.', '_')}"
        lora[f"{name}.lora_down.weight"] = torch.randn(4, inputs)
        lora[f"{name}.lora_up.weight"] = torch.randn(outputs, 4) / 10
    save_file(lora, tmp_path / "lora.safetensors")
    adapter = read_adapter(tmp_path / "lora.safetensors", "lora")
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))

    def drawn() -> list[torch.Tensor]:
        return [one.predict_x0(x, 0.6, one.encode_texts(["a red apple"])) for one in models]

    alone = drawn()
    for model in models:
        assert len(model.match(adapter).fitting) == 3 and not model.match(adapter).unknown
        model.adapt([Joined(adapter, 1.0, 0.8)])
    packed, plain = drawn()
    torch.testing.assert_close(packed, plain)
    assert (packed - alone[0]).abs().max() > 0.01
    for model in models:
        model.adapt([])
    assert all(torch.equal(one, other) for one, other in zip(drawn(), alone, strict=True))


def test_all_of_stable_diffusion_3_in_blocks_of_8_bits(tmp_path):
    folder = write_sd3(tmp_path / "configs", **LARGE)
    whole = load_file(write_whole(folder, "sd3", tmp_path / "whole.safetensors"))
    packed = write_weights(tmp_path / "sd3.gguf", whole, "sd3")
    plain = tmp_path / "sd3.safetensors"
    save_file({name: rounded(value) for name, value in whole.items()}, plain)
    assert recognise_file(packed).family == "sd3"
    one, other = (load(SD3(folder), info_of(path, "sd3")) for path in (packed, plain))
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    made, wanted = (
        model.predict_x0(x, 0.6, model.encode_texts(["a red apple"])) for model in (one, other)
    )
    torch.testing.assert_close(made, wanted)
    assert torch.equal(one.decode(x), other.decode(x))


@pytest.mark.parametrize(("storage", "near"), [("fp8", 0.15), ("8bit", 0.03)])
def test_a_card_may_want_it_smaller(flux, apart, storage, near):
    whole = load(Flux(flux), info_of(apart, "flux"))
    small = load(Flux(flux), info_of(apart, "flux", storage=storage))
    attention = small.transformer.single_transformer_blocks[0].attn
    assert isinstance(attention.to_q, StoredLinear)
    assert type(small.transformer.proj_out) is torch.nn.Linear
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    made, wanted = (
        model.predict_x0(x, 0.6, model.encode_texts(["a red apple"])) for model in (small, whole)
    )
    assert 0 < (made - wanted).norm() / wanted.norm() < near
    sizes = [model.placement.sizes() for model in (small, whole)]
    assert sizes[0].network < sizes[1].network and sizes[0].few > 0 == sizes[1].few


def test_t5_in_blocks_of_8_bits_by_its_own_names(flux, apart):
    t5 = apart.parents[2] / BESIDE["text_encoder_2"]
    packed, plain = in_8_bits(flux, "text_encoder_2", t5.with_name("q8"))
    t5.unlink()
    made: list[Any] = []
    for path in (plain, packed):
        made.append(load(Flux(flux), info_of(apart, "flux")).encode_texts(["a red apple"])[0])
        path.unlink()
    torch.testing.assert_close(made[1].tokens, made[0].tokens)


def test_a_type_that_cannot_be_read_is_named(flux, apart):
    packed, _ = in_8_bits(flux, "transformer", apart.with_name("q8"))
    data = packed.read_bytes()
    name = b"double_blocks.0.img_mod.lin.weight"
    place = data.index(name) + len(name) + 4 + 2 * 8
    packed.write_bytes(data[:place] + (19).to_bytes(4, "little") + data[place + 4 :])
    with pytest.raises(UserError, match="IQ1_S"):
        recognise_file(packed)
    with pytest.raises(UserError, match="IQ1_S"):
        load(Flux(flux), info_of(packed, "flux"))


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


def test_t5_of_llama_cpp_reads_as_its_own_file_does(flux, apart):
    shelf = apart.parents[2] / "clip" / "sub"
    tensors = load_file(shelf / "t5xxl.safetensors")
    (shelf / "t5xxl.safetensors").unlink()
    tensors.pop("encoder.embed_tokens.weight", None)
    write_llama(shelf / "t5-v1_1-xxl-encoder-F32.gguf", gguf.MODEL_ARCH.T5ENCODER, tensors, 2)
    words = {"model.embed_tokens.weight": tensors["shared.weight"]}  # as wide, in nearer folders
    query = {"model.layers.0.self_attn.q_proj.weight": torch.zeros(32, 80)}
    write_llama(shelf.parent / "a.gguf", gguf.MODEL_ARCH.QWEN3, {**words, **query}, 1)
    many = {"shared.weight": torch.zeros(99, 80)}  # of many languages: more words
    write_llama(shelf.parent / "b.gguf", gguf.MODEL_ARCH.T5ENCODER, many, 1)
    same(Flux(flux), flux, apart, "flux")


def test_what_lies_nowhere_is_taken_from_another_checkpoint(flux, apart):
    models = apart.parents[2]
    write_whole(flux, "flux", models / "checkpoints" / "whole.safetensors")
    for part in ("vae", "text_encoder_2"):
        (models / BESIDE[part]).unlink()
    same(Flux(flux), flux, apart, "flux")


@pytest.mark.parametrize(("part", "told"), [("vae", "VAE"), ("text_encoder_2", "T5 (t5xxl)")])
def test_a_part_that_lies_nowhere_is_named_with_its_place(flux, apart, part, told):
    (apart.parents[2] / BESIDE[part]).unlink()
    with pytest.raises(UserError) as raised:
        load(Flux(flux), info_of(apart, "flux"))
    problem = raised.value.problem
    assert problem.code == "model_companion_missing" and problem.values["what"] == told


def test_t5s_tokenizer_ships(flux, apart, tmp_path):
    configs = shutil.copytree(flux, tmp_path / "configs")
    shutil.rmtree(configs / "tokenizer_2")
    model = load(Flux(configs), info_of(apart, "flux"))
    tokens, _ = model._t5._tokens("a photo of a red apple", 20, "Original")
    assert tokens == [3, 9, 1202, 13, 3, 9, 1131, 8947]


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
