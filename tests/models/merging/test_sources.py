import os
import shutil
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import load_file

from tests.gguf_files import rounded, write_weights
from tests.models.merging.makers import TEXT, weights, write
from webui.core.errors import UserError
from webui.models.merging.sources import open_source


def read_all(source):
    return {name: weight.read() for name, weight in source.weights.items()}


def same(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_single_file(tmp_path):
    source = open_source(write(tmp_path / "a.safetensors", weights(1), {"modelspec.title": "A"}))
    same(read_all(source), weights(1))
    weight = source.weights[TEXT]
    assert (weight.shape, weight.dtype) == ((16,), torch.float32)
    assert source.metadata == {"modelspec.title": "A"} and not source.folder


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_a_file_that_torch_wrote(tmp_path, zipped, inside):
    held = OrderedDict(weights(1), epoch=3)
    torch.save(
        {"state_dict": held, "global_step": 1} if inside else held,
        tmp_path / "a.ckpt",
        _use_new_zipfile_serialization=zipped,
    )
    same(read_all(open_source(tmp_path / "a.ckpt")), weights(1))


def test_early_names_of_the_text_encoder_are_those_of_today(tmp_path):
    old = {name.replace("text_model.", ""): tensor for name, tensor in weights(1).items()}
    assert TEXT not in old
    same(read_all(open_source(write(tmp_path / "a.safetensors", old))), weights(1))


def test_a_folder_of_diffusers(tmp_path, tiny):
    source = open_source(tiny.folder)
    assert source.folder
    unet = load_file(tiny.folder / "unet" / "diffusion_pytorch_model.safetensors")
    found = {name: one for name, one in read_all(source).items() if name.startswith("unet/")}
    same(found, {f"unet/{name}": tensor for name, tensor in unet.items()})
    assert {name.split("/")[0] for name in source.weights} == {"unet", "vae", "text_encoder"}
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="empty is not a complete model"):
        open_source(empty)


def test_a_folder_of_several_files_a_part(tmp_path, tiny):
    copy = shutil.copytree(tiny.folder, tmp_path / "copy")
    whole = copy / "unet" / "diffusion_pytorch_model.safetensors"
    unet = load_file(whole)
    whole.unlink()
    names = sorted(unet)
    for number, some in enumerate((names[:5], names[5:])):
        part = f"diffusion_pytorch_model-{number + 1:05}-of-00002.safetensors"
        write(copy / "unet" / part, {name: unet[name] for name in some})
    same(read_all(open_source(copy)), read_all(open_source(tiny.folder)))


def test_a_folder_with_files_that_torch_wrote(tmp_path, tiny):
    copy = shutil.copytree(tiny.folder, tmp_path / "copy")
    whole = copy / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(whole), whole.with_suffix(".bin"))
    whole.unlink()
    same(read_all(open_source(copy)), read_all(open_source(tiny.folder)))


class Foreign:
    def __reduce__(self):
        return os.system, ("exit 3",)


def test_what_is_no_checkpoint_is_one_sentence(tmp_path):
    def code(path):
        with pytest.raises(UserError, match=path.name) as caught:
            open_source(path)
        return caught.value.problem.code

    cut = write(tmp_path / "cut.safetensors", weights(1))
    cut.write_bytes(cut.read_bytes()[:-5])
    (tmp_path / "bad.safetensors").write_bytes(b"GIF89a" * 9)
    (tmp_path / "bad.ckpt").write_bytes(b"GIF89a" * 9)
    torch.save(weights(1), tmp_path / "cut.ckpt")
    data = (tmp_path / "cut.ckpt").read_bytes()
    (tmp_path / "cut.ckpt").write_bytes(data[: len(data) // 2])
    torch.save({"state_dict": weights(1), "callback": Foreign()}, tmp_path / "foreign.ckpt")
    assert code(cut) == "model_cut_off"
    for name in ("bad.safetensors", "bad.ckpt", "cut.ckpt"):
        assert code(tmp_path / name) == "model_damaged"
    assert code(tmp_path / "foreign.ckpt") == "model_pickle_foreign"
    for name in ("gone.safetensors", "gone.ckpt"):
        assert code(tmp_path / name) == "model_unreadable"


def test_numbers_in_blocks_and_with_factors_are_decoded(tmp_path):
    plain = {"double_blocks.0.a.weight": torch.randn(4, 64), "img_in.bias": torch.randn(5)}
    source = open_source(write_weights(tmp_path / "a.gguf", plain))
    same(read_all(source), {name: rounded(one) for name, one in plain.items()})
    assert [one.dtype for one in source.weights.values()] == [torch.float16, torch.float32]
    eight = torch.randn(4, 64).to(torch.float8_e4m3fn)
    scaled = {
        "a.weight": eight,
        "a.scale_weight": torch.tensor(0.5),
        "b.weight": eight.clone(),
        "scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn),
    }
    found = open_source(write(tmp_path / "b.safetensors", scaled))
    assert found.weights["a.weight"].dtype == torch.float16
    assert found.weights["b.weight"].dtype == torch.float8_e4m3fn
    same(read_all(found), {"a.weight": eight.float() / 2, "b.weight": eight})


@pytest.mark.parametrize("mark", ["a.scale_weight", "a.weight.absmax"])
def test_factors_of_nothing_are_refused(tmp_path, mark):
    """They mean something only with their numbers: a merge of them would be noise."""
    path = write(tmp_path / "a.safetensors", {**weights(1), mark: torch.ones(1)})
    with pytest.raises(UserError, match="a.safetensors stores numbers as fp8") as caught:
        open_source(path)
    assert caught.value.problem.code == "merge_type"


def test_types_that_nobody_here_can_read_are_named(tmp_path):
    path = write(tmp_path / "a.safetensors", {"a.b": torch.ones(2, dtype=torch.complex64)})
    with pytest.raises(UserError, match="as C64"):
        open_source(path)
