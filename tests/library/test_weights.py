import json
import struct
from pathlib import Path

import pytest

from tests.checkpoints import SD1_KEYS, UNET_INPUT, write_file, write_weights
from webui.core.errors import UserError
from webui.library.weights import part_files, read_config, read_header


def raw(path: Path, header: object, data: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        read_header(path, path.name)
    assert path.name in str(caught.value)
    return caught.value.problem.code


def test_names_shapes_and_sizes(tmp_path):
    header = read_header(write_file(tmp_path / "a.safetensors"), "a")
    assert header.shapes == SD1_KEYS
    assert header.sizes[UNET_INPUT] == 8 * 4 * 3 * 3 * 2


def test_a_file_cut_off_anywhere_is_told_from_its_length(tmp_path):
    whole = write_file(tmp_path / "a.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    for length in (0, 5, 8, 100, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        assert refused(cut) == "model_cut_off"
    with pytest.raises(UserError, match=f"{len(whole) - 1} of {len(whole)} bytes"):
        read_header(cut, "cut")


def test_something_else_under_the_name(tmp_path):
    page = tmp_path / "page.safetensors"
    page.write_text("<!DOCTYPE html><html>404</html>" * 9, encoding="utf-8")
    assert refused(page) == "model_damaged"
    assert refused(raw(tmp_path / "list.safetensors", [1], b"")) == "model_damaged"
    assert refused(tmp_path / "absent.safetensors") == "model_unreadable"


@pytest.mark.parametrize(
    "offsets", [(2, 6), (0, 6), (-4, 0)], ids=["a gap", "another size", "backwards"]
)
def test_offsets_that_do_not_fit(tmp_path, offsets):
    entry = {"dtype": "F16", "shape": [2], "data_offsets": offsets}
    path = raw(tmp_path / "a.safetensors", {"x": entry}, b"\0" * max(offsets))
    assert refused(path) == "model_damaged"


def test_bytes_too_many(tmp_path):
    entry = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}
    assert refused(raw(tmp_path / "a.safetensors", {"x": entry}, b"\0" * 5)) == "model_damaged"


def test_a_part_is_the_plain_file_or_a_variant(tmp_path):
    assert part_files(tmp_path, "unet") == ()
    name = tmp_path / "unet" / "diffusion_pytorch_model"
    name.parent.mkdir()
    torch_file = name.with_suffix(".bin")
    torch_file.write_bytes(b"x")
    assert part_files(tmp_path, "unet") == (torch_file,)
    variant = write_weights(name.with_suffix(".fp16.safetensors"), {"a": (1,)})
    assert part_files(tmp_path, "unet") == (variant,)
    plain = write_weights(name.with_suffix(".safetensors"), {"a": (1,)})
    assert part_files(tmp_path, "unet") == (plain,)


def test_text_encoders_of_torchs_have_another_name(tmp_path):
    file = tmp_path / "text_encoder" / "pytorch_model.bin"
    file.parent.mkdir()
    file.write_bytes(b"x")
    assert part_files(tmp_path, "text_encoder") == (file,)


def test_a_part_in_several_files_and_what_its_index_names(tmp_path):
    place = tmp_path / "transformer"
    names = [f"diffusion_pytorch_model-0000{one}-of-00003.safetensors" for one in (1, 2, 3)]
    files = [write_weights(place / name, {"a": (1,)}) for name in names]
    assert part_files(tmp_path, "transformer") == tuple(files)
    files[1].unlink()
    index = place / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1], "c": names[2]}}))
    assert part_files(tmp_path, "transformer") == tuple(files)
    index.write_text(json.dumps({"weight_map": {"a": f"../../{names[0]}"}}))
    assert part_files(tmp_path, "transformer") == (files[0],)
    index.write_text("[damaged")
    assert part_files(tmp_path, "transformer") == (files[0], files[2])


def test_configs(tmp_path):
    path = tmp_path / "config.json"
    with pytest.raises(UserError, match="x/config.json cannot be read"):
        read_config(path, "x/config.json")
    path.write_text('{"a": [1]}', encoding="utf-8")
    assert read_config(path, "x") == {"a": [1]}
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(UserError, match="x is damaged"):
        read_config(path, "x")


def test_what_else_is_written_in_a_file(tmp_path):
    titled = write_weights(tmp_path / "a.safetensors", {"a": (1,)}, metadata={"title": "x"})
    assert read_header(titled, "a").metadata == {"title": "x"}
    for odd in ({"title": 1, "b": "y"}, "text", None):
        header = {"__metadata__": odd, "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
        read = read_header(raw(tmp_path / "b.safetensors", header, bytes(4)), "b")
        assert read.metadata == ({"b": "y"} if isinstance(odd, dict) else {})
