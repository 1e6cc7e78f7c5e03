import json
from pathlib import Path

import pytest
import torch

from tests.checkpoints import SD1_KEYS, write_file, write_folder, write_weights
from tests.gguf_files import F32, pair, write
from webui.library.layouts import Shelf
from webui.library.places import Place, places
from webui.library.telling import Memory, Told, tell

LORA = {"lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": (4, 768)}


def only(folder: Path, kind: str | None = None) -> Place:
    (place,) = places(Shelf(folder, kind))
    return place


def test_a_checkpoint(tmp_path):
    write_file(tmp_path / "a.safetensors")
    (tmp_path / "a.easel.json").write_text('{"steps": 9, "notes": "mine"}')
    told = tell(only(tmp_path), Memory())
    assert told.kind == "checkpoint" and told.model is not None
    assert (told.model.family, told.model.card.steps, told.model.problem) == ("sd1", 9, None)
    assert (told.said.notes, told.dtype) == ("mine", "F16")


def test_a_folder(tmp_path):
    write_folder(tmp_path / "a")
    (tmp_path / "a.easel.json").write_text('{"notes": "mine"}')
    told = tell(only(tmp_path), Memory())
    assert told.model and told.model.family == "sd1" and told.said.notes == "mine"


def test_a_lora_with_its_trainers_notes_and_what_lies_beside(tmp_path):
    metadata = {
        "ss_output_name": "dog_v2",
        "ss_tag_frequency": json.dumps({"x": {"sks": 9, "grass": 1}}),
        "modelspec.title": "Inside",
        "modelspec.license": "MIT",
    }
    write_weights(tmp_path / "a.safetensors", LORA, metadata=metadata)
    told = tell(only(tmp_path, "checkpoint"), Memory())
    assert (told.kind, told.family, told.algorithm, told.rank) == ("lora", "sd1", "lora", 4)
    assert (told.alias, told.model, told.problem) == ("dog_v2", None, None)
    assert (told.said.trigger_words, told.said.tags) == (("sks",), ("sks", "grass"))
    assert (told.said.title, told.said.licence) == ("Inside", "MIT")
    (tmp_path / "a.json").write_text('{"activation text": "bark", "sd version": "SDXL"}')
    told = tell(only(tmp_path), Memory())
    assert (told.said.trigger_words, told.family) == (("bark",), "sd1")


def test_a_family_that_only_the_neighbour_tells(tmp_path):
    write_weights(tmp_path / "a.safetensors", {"lora_unet_x.lokr_w1": (4, 4)})
    (tmp_path / "a.civitai.info").write_text('{"model": {}, "baseModel": "Pony"}')
    assert tell(only(tmp_path), Memory()).family == "sdxl"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "model_cut_off"),
        (b"\x00" * 7, "model_cut_off"),
        ((10**12).to_bytes(8, "little") + b"{}", "model_damaged"),
        ((100).to_bytes(8, "little") + b"{}", "model_cut_off"),
        ((2).to_bytes(8, "little") + b"[]", "model_damaged"),
        ((2).to_bytes(8, "little") + b"{}more", "model_damaged"),
        (b"<html>404</html>", "model_damaged"),
    ],
)
def test_files_that_are_broken(tmp_path, data, code):
    (tmp_path / "a.safetensors").write_bytes(data)
    told = tell(only(tmp_path), Memory())
    assert told.problem and told.problem.code == code
    assert "a.safetensors" in told.problem.message
    assert told.model and told.model.problem == told.problem
    assert told.lasts


def test_a_file_that_is_gone_since(tmp_path):
    path = write_file(tmp_path / "a.safetensors")
    place = only(tmp_path)
    path.unlink()
    told = tell(place, Memory())
    assert told.problem and told.problem.code == "model_unreadable" and not told.lasts


def test_pickles(tmp_path):
    folder = tmp_path / "embeddings"
    folder.mkdir()
    torch.save({"string_to_param": {"*": torch.zeros(1, 768)}}, folder / "a.pt")
    assert tell(only(folder), Memory()).kind == "embedding"
    lora = {"lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": torch.zeros(4, 768)}
    torch.save(lora, folder / "a.pt")
    told = tell(only(folder), Memory())
    assert (told.kind, told.family, told.rank, told.model) == ("lora", "sd1", 4, None)


def test_a_checkpoint_that_torch_wrote(tmp_path):
    tensors = {name: torch.zeros(shape).half() for name, shape in SD1_KEYS.items()}
    torch.save({"state_dict": tensors, "epoch": 1}, tmp_path / "a.ckpt")
    told = tell(only(tmp_path), Memory())
    assert (told.kind, told.dtype) == ("checkpoint", "F16") and told.model is not None
    assert (told.model.family, told.model.problem) == ("sd1", None)
    torch.save({"state_dict": {"something.else": torch.zeros(1)}}, tmp_path / "a.ckpt")
    told = tell(only(tmp_path), Memory())
    assert told.model and told.model.problem
    assert told.model.problem.code == "model_unknown_kind"


def test_pickles_with_more_than_weights(tmp_path):
    torch.save({"a": torch.zeros(1), "b": Path("x")}, tmp_path / "a.pt")
    told = tell(only(tmp_path), Memory())
    assert told.problem and told.problem.code == "model_pickle_foreign"
    assert "pathlib" in told.problem.message


def gguf(path: Path, names: tuple[str, ...], kind: int = F32) -> Path:
    tensors = {name: ((2, 64), kind, bytes(512)) for name in names}
    return write(path, tensors, [pair("general.name", "Żółw"), pair("general.architecture", "x")])


def test_a_transformer_in_gguf_is_a_checkpoint(tmp_path):
    gguf(tmp_path / "a.gguf", ("double_blocks.0.img_attn.qkv.weight", "img_in.weight"))
    told = tell(only(tmp_path), Memory())
    assert (told.kind, told.dtype, told.said.title) == ("checkpoint", "F32", "Żółw")
    assert told.model and (told.model.family, told.model.problem) == ("flux", None)


def test_gguf_of_other_kinds(tmp_path):
    path = gguf(tmp_path / "a.gguf", ("token_embd.weight", "enc.blk.0.attn_q.weight"))
    told = tell(only(tmp_path), Memory())
    assert (told.kind, told.model, told.problem) == ("text_encoder", None, None)
    gguf(path, ("double_blocks.0.img_attn.qkv.weight",), kind=77)
    told = tell(only(tmp_path), Memory())
    assert told.model and told.model.problem
    assert told.model.problem.code == "model_numbers" and "type 77" in told.model.problem.message
    assert told.kind == "diffusion_model"


def test_it_survives_the_way_through_json(tmp_path):
    write_file(tmp_path / "a.safetensors")
    told = tell(only(tmp_path), Memory())
    assert Told.model_validate_json(told.model_dump_json()) == told


def test_a_table_that_was_read_before_is_not_read_again(tmp_path, monkeypatch):
    memory = Memory()
    first = {"ss_base_model_version": "sd_v1", "ss_output_name": "one"}
    second = {"ss_base_model_version": "sdxl", "ss_output_name": "two"}
    shapes = {"lora_unet_x.lokr_w1": (4, 4)}
    write_weights(tmp_path / "a.safetensors", shapes, metadata=first)
    told = tell(only(tmp_path), memory)
    assert (told.alias, told.family, told.algorithm, told.dtype) == ("one", "sd1", "lokr", "F16")
    monkeypatch.setattr("webui.library.telling.read_header", None)
    write_weights(tmp_path / "a.safetensors", shapes, metadata=second)
    told = tell(only(tmp_path), memory)
    assert (told.alias, told.family, told.algorithm, told.dtype) == ("two", "sdxl", "lokr", "F16")


def test_a_known_table_with_numbers_cut_off_is_told(tmp_path):
    memory = Memory()
    path = write_weights(tmp_path / "a.safetensors", LORA, metadata={"a": "b"})
    assert tell(only(tmp_path), memory).problem is None
    path.write_bytes(path.read_bytes()[:-1])
    told = tell(only(tmp_path), memory)
    assert told.problem and told.problem.code == "model_cut_off"


def test_a_checkpoint_is_always_read_whole(tmp_path):
    memory = Memory()
    for steps in (5, 9):
        write_weights(tmp_path / "a.safetensors", SD1_KEYS, metadata={"a": "b"})
        (tmp_path / "a.easel.json").write_text(json.dumps({"steps": steps}))
        model = tell(only(tmp_path), memory).model
        assert model and model.card.steps == steps


@pytest.mark.parametrize(
    ("key", "family"),
    [("double_blocks.0.img_attn.qkv.weight", "flux"), ("joint_blocks.0.x_block.a", "sd3")],
)
def test_a_transformer_whose_other_parts_lie_beside_can_be_chosen(tmp_path, key, family):
    write_weights(tmp_path / "a.safetensors", {key: (1,)})
    told = tell(only(tmp_path, "diffusion_model"), Memory())
    assert told.kind == "checkpoint" and told.model is not None
    assert (told.model.family, told.model.problem) == (family, None)


def test_a_unet_alone_cannot(tmp_path):
    write_weights(tmp_path / "a.safetensors", dict(list(SD1_KEYS.items())[:1]))
    assert tell(only(tmp_path), Memory()).kind == "diffusion_model"
