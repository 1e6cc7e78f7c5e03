"""What a folder of a flow model holds comes into its networks, or the error names the part."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_sd3
from webui.core.errors import UserError
from webui.models.components import t5_names
from webui.models.families.sd3 import SD3

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd3(tmp_path_factory.mktemp("sd3") / "tiny")


@pytest.fixture
def folder(whole, tmp_path) -> Path:
    return shutil.copytree(whole, tmp_path / "copy")


def code_of(folder: Path) -> tuple[str, str]:
    with pytest.raises(UserError) as raised:
        load(SD3(), info_of(folder, "sd3"))
    return raised.value.problem.code, str(raised.value.problem.values)


def test_weights_in_several_files_are_put_together(whole, folder):
    file = folder / "transformer" / WEIGHTS
    tensors = sorted(load_file(file).items())
    file.unlink()
    for number, some in enumerate((tensors[::2], tensors[1::2]), start=1):
        save_file(dict(some), file.with_name(f"{file.stem}-0000{number}-of-00002.safetensors"))
    one, other = (load(SD3(), info_of(path, "sd3")) for path in (whole, folder))
    x = torch.randn(1, 16, 8, 8)
    words = one.encode_texts(["a red apple"])
    assert torch.equal(one.predict_x0(x, 0.7, words), other.predict_x0(x, 0.7, words))


def test_a_part_that_is_missing_is_named(folder):
    shutil.rmtree(folder / "vae")
    code, values = code_of(folder)
    assert code == "model_part_missing" and "vae" in values


def test_a_tensor_that_is_missing_or_too_many_is_named(folder):
    file = folder / "transformer" / WEIGHTS
    tensors = load_file(file)
    bias = tensors.pop("proj_out.bias")
    save_file(tensors, file)
    code, values = code_of(folder)
    assert code == "model_weights_missing" and "proj_out.bias" in values
    save_file({**tensors, "proj_out.bias": bias, "more": bias.clone()}, file)
    assert code_of(folder)[0] == "model_weights_unknown"
    save_file({**tensors, "proj_out.bias": torch.zeros(3)}, file)
    assert code_of(folder)[0] == "model_weights_shape"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("transformer", {"num_layers": "two"}),
        ("transformer", {"joint_attention_dim": 96}),
        ("vae", {"block_out_channels": 8}),
        ("text_encoder_3", {"d_model": -1}),
    ],
)
def test_a_config_of_nonsense_is_said_to_be_damaged(folder, part, change):
    path = folder / part / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert code_of(folder)[0] in ("model_damaged", "model_weights_shape")


def test_the_table_of_words_is_one_wherever_a_file_has_it():
    words = torch.rand(3, 2)
    for name in ("shared.weight", "encoder.embed_tokens.weight"):
        found = t5_names({name: words, "decoder.x": words, "lm_head.weight": words})
        assert found == {"shared.weight": words, "encoder.embed_tokens.weight": words}
