"""What is wrong with parts; whole models are tested in `families`."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.ldm_layout import ldm_names
from tests.models.families.drawing import load
from tests.tiny import TOKENIZER, Tiny, write_tiny
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.recognition import LDM_PARTS
from webui.models.checkpoint import CONFIGS, _configs, _from_file, _networks, read_tokenizer
from webui.models.families import FAMILIES
from webui.models.families.sdxl import SDXL


@pytest.fixture(scope="module")
def tiny_xl(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("xl"), seed=3, family="sdxl")


UNETS = {name: family for name, family in FAMILIES.items() if hasattr(family, "_layout")}
"""Those that are put together of the same parts; flow models are tried with their own tests."""


def test_the_configs_that_ship_share_one_vocabulary():
    assert list(UNETS) == ["sd1", "sd2", "sdxl", "sdxl-refiner"]
    for name, family in UNETS.items():
        for encoder in family._layout.encoders:
            tokenizer = read_tokenizer(CONFIGS / name / encoder.tokenizer, "x")
            assert len(tokenizer) == 49408
    assert len(list(CONFIGS.rglob("vocab.json"))) == 1


@pytest.mark.parametrize("name", UNETS)
def test_single_files_of_full_size_are_read_name_for_name(name):
    """On networks without weights: each is taken to the names of LDM and back."""
    layout = UNETS[name]._layout
    info = ModelInfo(id="x", path="x", format="diffusers")
    networks = _networks(layout, info, _configs(layout, info, CONFIGS / name))
    for part, prefix in LDM_PARTS[name].items():
        shapes = {
            key: torch.empty(value.shape, device="meta")
            for key, value in networks[part].state_dict().items()
        }
        ldm = dict(ldm_names(part, prefix, shapes))
        made = _from_file(layout, part, ldm, networks[part])
        assert {key: value.shape for key, value in made.items()} == {
            key: value.shape for key, value in shapes.items()
        }
        if part == "unet":
            upsampler = "output_blocks.2.2.conv" if name == "sdxl" else "output_blocks.2.1.conv"
            assert f"{prefix}{upsampler}.weight" in ldm


def test_the_mark_that_fills_chunks_up_is_still_read_in_a_text(tmp_path):
    """Configs of OpenCLIP name `!` as padding; it must not become another token for that."""
    folder = tmp_path / "tokenizer_2"
    folder.mkdir()
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(CONFIGS / "sd1" / "tokenizer" / name, folder)
    special = {"content": "!", "special": True, "lstrip": False, "rstrip": False}
    config = {"pad_token": "!", "added_tokens_decoder": {"0": special}}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokens = read_tokenizer(folder, "x")("hello!", add_special_tokens=False)["input_ids"]
    assert tokens == [3306, 256]


def test_the_tokenizer_of_a_folder_is_its_own():
    assert len(read_tokenizer(TOKENIZER, "x")) == 4934


def broken(tiny: Tiny, folder, change) -> str:
    copy = shutil.copytree(tiny.folder, folder / "broken")
    change(copy)
    with pytest.raises(UserError, match="broken") as caught:
        load(SDXL(), tiny.folder_info.model_copy(update={"path": str(copy)}))
    return caught.value.problem.code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("text_encoder_2/config.json", "model_unreadable"),
        ("text_encoder_2/model.safetensors", "model_part_missing"),
        ("tokenizer_2/tokenizer.json", None),
        ("scheduler/scheduler_config.json", "model_unreadable"),
    ],
)
def test_a_folder_with_a_file_missing(tiny_xl, tmp_path, path, code):
    if code is not None:
        assert broken(tiny_xl, tmp_path, lambda folder: (folder / path).unlink()) == code
        return
    copy = shutil.copytree(tiny_xl.folder, tmp_path / "whole")
    (copy / path).unlink()
    load(SDXL(), tiny_xl.folder_info.model_copy(update={"path": str(copy)}))


def test_a_second_text_encoder_without_its_projection(tiny_xl, tmp_path):
    def change(folder):
        path = folder / "text_encoder_2" / "model.safetensors"
        tensors = load_file(path)
        del tensors["text_projection.weight"]
        save_file(tensors, path)

    assert broken(tiny_xl, tmp_path, change) == "model_weights_missing"


def test_a_refiner_is_not_the_base(tiny_xl, tmp_path):
    tiny = write_tiny(tmp_path, seed=4, family="sdxl-refiner")
    with pytest.raises(UserError, match=r"tiny/text_encoder/config\.json cannot be read"):
        load(SDXL(), tiny.folder_info)
    with pytest.raises(UserError, match=r"tiny-file\.safetensors has no CLIP-L"):
        load(SDXL(tiny_xl.folder), tiny.file_info)
