import os

import pytest

from tests.checkpoints import write_file, write_folder
from webui.library import places as module
from webui.library.layouts import Shelf
from webui.library.places import FILES, places


def test_names_and_formats(tmp_path):
    write_folder(tmp_path / "folder")
    write_file(tmp_path / "sub" / "deep" / "one.v1.safetensors")
    (tmp_path / "old.ckpt").write_bytes(b"x")
    found = [(place.name, place.full_name, place.format) for place in places(Shelf(tmp_path))]
    assert found == [
        ("folder", "folder", "diffusers"),
        ("sub/deep/one.v1", "sub/deep/one.v1.safetensors", "safetensors"),
        ("old", "old.ckpt", "ckpt"),
    ]


def test_what_is_left_out(tmp_path):
    for name in (
        ".a.safetensors",
        ".hidden/a.safetensors",
        "a.txt",
        "a.part",
        "a.safetensors.part",
    ):
        write_file(tmp_path / name)
    assert places(Shelf(tmp_path)) == []
    assert places(Shelf(tmp_path / "absent")) == []


def test_every_ending_that_models_have(tmp_path):
    names = [f"{number}{ending}" for number, ending in enumerate(FILES)]
    for name in (*names, "x.SafeTensors"):
        (tmp_path / name).write_bytes(b"")
    found = places(Shelf(tmp_path))
    assert {place.path.name for place in found} == {*names, "x.SafeTensors"}
    assert {place.format for place in found} == {
        *("safetensors", "ckpt", "pt", "pth", "bin", "gguf"),
    }
    assert found[-1].format == "pth" and found[0].format == "safetensors"


def test_kinds_that_names_promise(tmp_path):
    write_file(tmp_path / "a.vae.safetensors")
    write_file(tmp_path / "b.safetensors")
    kinds = {place.name: place.kind for place in places(Shelf(tmp_path, "checkpoint"))}
    assert kinds == {"a.vae": "vae", "b": "checkpoint"}


def test_names_that_people_mean(tmp_path):
    write_file(tmp_path / "lora one" / "pytorch_lora_weights.safetensors")
    write_file(tmp_path / "cn" / "diffusion_pytorch_model.fp16.safetensors")
    write_folder(tmp_path / "models--a--b" / "snapshots" / "0123")
    write_file(tmp_path / "adapter_model.safetensors")
    names = {place.name for place in places(Shelf(tmp_path))}
    assert names == {"lora one", "cn", "a/b", "adapter_model"}


def test_a_shallow_shelf(tmp_path):
    write_file(tmp_path / "a.safetensors")
    write_file(tmp_path / "sub" / "b.safetensors")
    assert [place.name for place in places(Shelf(tmp_path, deep=False))] == ["a"]


def test_words_and_pictures_beside(tmp_path):
    write_file(tmp_path / "a.safetensors")
    write_file(tmp_path / "a.b.safetensors")
    for name in ("a.png", "a.preview.webp", "a.json", "a.civitai.info", "a.easel.json", "b.png"):
        (tmp_path / name).write_text("x")
    folder = write_folder(tmp_path / "f")
    (tmp_path / "f.jpeg").write_text("x")
    (tmp_path / "f.easel.json").write_text("{}")
    found = {place.name: place for place in places(Shelf(tmp_path))}
    assert found["a"].texts == ("a.easel.json", "a.civitai.info", "a.json")
    assert found["a"].preview == "a.preview.webp"
    assert (found["a.b"].texts, found["a.b"].preview) == ((), None)
    assert (found["f"].texts, found["f"].preview) == (("f.easel.json",), "f.jpeg")
    assert found["f"].own_card == tmp_path / "f.easel.json"
    assert found["f"].card == folder / "easel.json"
    (tmp_path / "a.preview.webp").write_text("longer")
    assert {place.name: place for place in places(Shelf(tmp_path))}["a"] != found["a"]


def test_what_may_not_be_read_is_told(tmp_path, monkeypatch):
    write_file(tmp_path / "open" / "a.safetensors")
    write_file(tmp_path / "shut" / "b.safetensors")
    scandir = os.scandir

    def refusing(path):
        if os.path.basename(path) == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(module.os, "scandir", refusing)
    told: list[tuple[str, str | None]] = []
    found = places(Shelf(tmp_path), lambda path, error: told.append((path.name, error.strerror)))
    assert [place.name for place in found] == ["open/a"]
    assert told == [("shut", "Permission denied")]


def test_names_in_any_script_and_none(tmp_path):
    names = ["żółw", "模型", "👨‍👩‍👧", "می‌خواهم", "a b  c"]
    for name in names:
        write_file(tmp_path / f"{name}.safetensors")
    try:
        (tmp_path / "\udcff.safetensors").write_bytes(b"")
    except (OSError, UnicodeError):
        pass  # this system has no such names
    assert sorted(place.name for place in places(Shelf(tmp_path))) == sorted(names)


def test_a_link_that_leads_nowhere(tmp_path):
    write_file(tmp_path / "a.safetensors")
    try:
        (tmp_path / "b.safetensors").symlink_to(tmp_path / "absent")
        (tmp_path / "c.safetensors").symlink_to(tmp_path / "c.safetensors")
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert [place.name for place in places(Shelf(tmp_path))] == ["a"]


def test_a_folder_with_a_unet_but_no_index_is_a_place_too(tmp_path):
    folder = write_folder(tmp_path / "half")
    (folder / "model_index.json").unlink()
    assert [place.name for place in places(Shelf(tmp_path))] == ["half"]


def test_a_place_changes_when_any_of_its_files_does(tmp_path):
    folder, file = write_folder(tmp_path / "a"), write_file(tmp_path / "b.safetensors")
    before = places(Shelf(tmp_path))
    assert places(Shelf(tmp_path)) == before
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
        after = places(Shelf(tmp_path))
        assert after != before, path.name
        before = after


def test_size_is_that_of_the_weights(tmp_path):
    write_file(tmp_path / "b.safetensors")
    (place,) = places(Shelf(tmp_path))
    assert place.bytes == (tmp_path / "b.safetensors").stat().st_size


def test_a_link_that_leads_back_does_not_loop(tmp_path):
    write_file(tmp_path / "sub" / "a.safetensors")
    try:
        (tmp_path / "sub" / "back").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert [place.name for place in places(Shelf(tmp_path))] == ["sub/a"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.safetensors")
    assert places(Shelf(tmp_path)) == []


def test_a_shelf_that_is_a_model_itself(tmp_path):
    write_folder(tmp_path / "model")
    (place,) = places(Shelf(tmp_path / "model"))
    assert (place.name, place.format) == ("model", "diffusers")
