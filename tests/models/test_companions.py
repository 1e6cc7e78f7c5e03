"""The parts of newer models beside their transformer are found, or asked for in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.gguf_files import write_weights
from tests.models.families.drawing import load
from tests.tiny_flows import info_of
from tests.tiny_newer import write_parts_of_z_image, write_z_image
from webui.core.errors import UserError
from webui.library.flows import FLOW_PARTS
from webui.library.weights import read_config
from webui.models import singles
from webui.models.checkpoint import CONFIGS
from webui.models.components import Kinds, make
from webui.models.families.flux2 import DEV, KLEIN
from webui.models.families.qwen_image import KINDS as QWEN_IMAGE
from webui.models.families.z_image import KINDS as Z_IMAGE
from webui.models.families.z_image import ZImage
from webui.models.language import read_language_tokenizer
from webui.models.loading import without_weights
from webui.models.mistral_words import MISTRAL_WORDS
from webui.models.qwen_words import QWEN_WORDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_z_image(tmp_path_factory.mktemp("z") / "tiny")


@pytest.fixture
def apart(folder, tmp_path) -> Path:
    return write_parts_of_z_image(folder, tmp_path / "models")


def drawn(folder: Path, file: Path, **card: Any) -> torch.Tensor:
    model = load(ZImage(folder), info_of(file, "z-image", **card))
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    return model.decode(model.predict_x0(x, 0.6, model.encode_texts(["a red apple"])))


def refused(folder: Path, file: Path, **card: Any) -> Any:
    with pytest.raises(UserError) as raised:
        drawn(folder, file, **card)
    return raised.value.problem


@pytest.mark.parametrize(
    ("file", "told"),
    [("vae/ae", "VAE"), ("text_encoders/qwen_3_4b", "Qwen3 4B (qwen_3_4b)")],
)
def test_a_part_that_lies_nowhere_is_named_with_its_place(folder, apart, file, told):
    path = apart.parents[1] / f"{file}.safetensors"
    path.unlink()
    problem = refused(folder, apart)
    assert problem.code == "model_companion_missing"
    assert (problem.values["what"], problem.values["folder"]) == (told, str(path.parent))


def test_others_that_look_alike_are_passed_over(folder, apart):
    models = apart.parents[1]
    wanted = drawn(folder, apart)
    for name in ("vae/ae", "text_encoders/qwen_3_4b"):
        own = load_file(models / f"{name}.safetensors")
        changed = {key: value * 2 for key, value in own.items()}
        shelf = (models / name).parent
        (shelf / "a.safetensors").write_bytes(b"damaged")
        if name.startswith("vae"):
            save_file(changed, shelf / "a_sd3_vae.safetensors")
        else:
            more = changed["model.layers.0.mlp.up_proj.weight"].clone()
            longer = {**changed, "model.layers.3.mlp.up_proj.weight": more}
            save_file(longer, shelf / "a_larger.safetensors")
    assert torch.equal(drawn(folder, apart), wanted)


def test_a_card_names_the_part_where_several_would_do(folder, apart):
    vae = apart.parents[1] / "vae"
    wanted = drawn(folder, apart)
    own = load_file(vae / "ae.safetensors")
    save_file({name: value * 2 for name, value in own.items()}, vae / "a.safetensors")
    assert not torch.equal(drawn(folder, apart), wanted)
    assert torch.equal(drawn(folder, apart, parts={"vae": "ae"}), wanted)
    assert refused(folder, apart, parts={"vae": "none"}).code == "model_companion_missing"
    (vae / "x.safetensors").write_bytes(b"damaged")
    assert refused(folder, apart, parts={"vae": "x"}).code == "model_cut_off"


def test_a_language_model_may_be_a_gguf(folder, apart):
    wanted = drawn(folder, apart)
    file = apart.parents[1] / "text_encoders" / "qwen_3_4b.safetensors"
    own = {name.removeprefix("model."): value for name, value in load_file(file).items()}
    file.unlink()
    names = {f"self_attn.{one}_proj": f"attn_{one}" for one in "qkv"}
    names |= {"self_attn.o_proj": "attn_output", "self_attn.": "attn_", "mlp.": "ffn_"}
    names |= {"_proj": "", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
    names |= {"layers.": "blk.", "embed_tokens": "token_embd"}
    turned = {}
    for name, value in own.items():
        new = "output_norm.weight" if name == "norm.weight" else name
        for old, other in names.items():
            new = new.replace(old, other)
        turned[new] = value
    write_weights(file.with_name("Qwen3-4B-Q8_0.gguf"), turned, "qwen3")
    made = drawn(folder, apart)
    assert 0 < float((made - wanted).abs().max()) < 0.05


def test_tokenizers_ship(tmp_path):
    assert singles._tokenizer(Z_IMAGE, tmp_path, "tokenizer", True) == QWEN_WORDS
    assert singles._tokenizer(DEV, tmp_path, "tokenizer", True) == MISTRAL_WORDS
    assert read_language_tokenizer(MISTRAL_WORDS, "m").token_to_id("[INST]") == 3
    assert singles._tokenizer(DEV, tmp_path, "tokenizer", False) == tmp_path / "tokenizer"
    (tmp_path / "tokenizer").mkdir()
    assert singles._tokenizer(Z_IMAGE, tmp_path, "tokenizer", True) == tmp_path / "tokenizer"


def test_what_lies_nowhere_is_taken_from_a_checkpoint_that_has_it(folder, apart):
    models = apart.parents[1]
    wanted = drawn(folder, apart)
    inside = {**FLOW_PARTS["z-image"]}
    whole = {f"{inside['transformer']}{name}": one for name, one in load_file(apart).items()}
    for part, name in (("vae", "vae/ae"), ("text_encoder", "text_encoders/qwen_3_4b")):
        file = models / f"{name}.safetensors"
        whole |= {f"{inside[part]}{name}": one for name, one in load_file(file).items()}
        file.unlink()
    (models / "checkpoints").mkdir()
    save_file(whole, models / "checkpoints" / "all.safetensors")
    assert torch.equal(drawn(folder, apart), wanted)


def test_a_tensor_that_is_missing_is_named(folder, apart):
    tensors = load_file(apart)
    del tensors["layers.0.feed_forward.w1.weight"]
    save_file(tensors, apart)
    assert refused(folder, apart).code == "model_weights_missing"


@pytest.mark.parametrize(
    ("kinds", "family", "millions"),
    [
        (Z_IMAGE, "z-image", (6155, 84, 4022)),
        (QWEN_IMAGE, "qwen-image", (20430, 127, 7071)),
        (DEV, "flux2", (32223, 84, 17344)),
        (KLEIN, "flux2-klein-4b", (3876, 84, 3114)),
        (KLEIN, "flux2-klein-9b", (9079, 84, 5832)),
    ],
)
def test_the_configs_are_of_the_published_sizes(kinds: Kinds, family, millions):
    counts: list[int] = []
    for part in kinds.parts:
        config = read_config(CONFIGS / family / part / "config.json", part)
        with without_weights():
            network = make(kinds, part)(config)
        counts.append(round(sum(one.numel() for one in network.parameters()) / 1e6))
    assert tuple(counts) == millions
    assert json.loads((CONFIGS / family / "scheduler" / "scheduler_config.json").read_text())
