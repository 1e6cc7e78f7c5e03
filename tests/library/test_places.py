import os

import pytest

from tests.checkpoints import write_file, write_folder
from webui.library.places import places


def test_names_and_formats(tmp_path):
    write_folder(tmp_path / "folder")
    write_file(tmp_path / "sub" / "deep" / "one.v1.safetensors")
    (tmp_path / "old.ckpt").write_bytes(b"x")
    found = [(place.name, place.full_name, place.format) for place in places(tmp_path)]
    assert found == [
        ("folder", "folder", "diffusers"),
        ("sub/deep/one.v1", "sub/deep/one.v1.safetensors", "safetensors"),
        ("old", "old.ckpt", "ckpt"),
    ]


def test_what_is_left_out(tmp_path):
    for name in ("a.vae.safetensors", ".a.safetensors", ".hidden/a.safetensors", "a.txt", "a.part"):
        write_file(tmp_path / name)
    assert places(tmp_path) == []
    assert places(tmp_path / "absent") == []


def test_a_folder_with_a_unet_but_no_index_is_a_place_too(tmp_path):
    folder = write_folder(tmp_path / "half")
    (folder / "model_index.json").unlink()
    assert [place.name for place in places(tmp_path)] == ["half"]


def test_a_place_changes_when_any_of_its_files_does(tmp_path):
    folder, file = write_folder(tmp_path / "a"), write_file(tmp_path / "b.safetensors")
    before = places(tmp_path)
    assert places(tmp_path) == before
    changed = [
        folder / "unet" / "config.json",
        folder / "vae" / "diffusion_pytorch_model.safetensors",
        folder / "easel.json",
        file,
        tmp_path / "b.easel.json",
    ]
    for path in changed:
        path.touch()
        os.utime(path, ns=(1, 1))
        after = places(tmp_path)
        assert after != before, path.name
        before = after


def test_size_is_that_of_the_weights(tmp_path):
    write_file(tmp_path / "b.safetensors")
    (place,) = places(tmp_path)
    assert place.bytes == (tmp_path / "b.safetensors").stat().st_size


def test_a_link_that_leads_back_does_not_loop(tmp_path):
    write_file(tmp_path / "sub" / "a.safetensors")
    try:
        (tmp_path / "sub" / "back").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert [place.name for place in places(tmp_path)] == ["sub/a"]
