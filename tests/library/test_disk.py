"""What models take of the disk, and what is there twice."""

import os
import shutil
from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_folder, write_weights
from webui.library import disk
from webui.library.catalog import Catalog
from webui.library.disk import DiskReport, disk_report

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(disk, "_SMALLEST", 1)
    return tmp_path / "models"


def report(models: Path, *to_hash: str, **used: float) -> DiskReport:
    catalog = Catalog([models], models / "none", models.parent / "models.sqlite")
    for name in to_hash:
        found = catalog.find("lora", name)
        assert found is not None
        catalog.hashed(found.id)
    listing = catalog.listing()
    by_name = {row.name: row.id for row in listing.rows}
    return disk_report(listing, {by_name[name]: at for name, at in used.items()}, trash=7)


def names(copies: tuple[disk.Copies, ...]) -> list[list[str]]:
    return [sorted(model.name for model in one.models) for one in copies]


def test_sizes_by_kind_and_folder(models: Path) -> None:
    small = write_weights(models / "loras" / "a.safetensors", LORA, 1).stat().st_size
    write_weights(models / "loras" / "b.safetensors", LORA, 2)
    large = write_file(models / "checkpoints" / "c.safetensors").stat().st_size
    told = report(models, a=5.0)
    assert told.kinds["lora"].model_dump() == {"count": 2, "bytes": 2 * small}
    assert told.kinds["checkpoint"].bytes == large and told.bytes == 2 * small + large
    assert [Path(one.path).name for one in told.folders] == ["loras", "checkpoints"]
    assert all(one.total and one.free for one in told.folders)
    assert [(one.name, one.last_used) for one in told.models] == [
        ("a", 5.0),
        ("b", None),
        ("c", None),
    ]
    assert (told.copies, told.shared, told.trash, told.whole) == ((), (), 7, True)


def test_the_same_twice_and_what_only_looks_alike(models: Path) -> None:
    first = write_weights(models / "loras" / "a.safetensors", LORA, 1)
    shutil.copy(first, first.with_name("copy.safetensors"))
    write_weights(models / "loras" / "other.safetensors", LORA, 2)
    near = bytearray(first.read_bytes())
    near[len(near) // 4] ^= 1  # neither in the middle nor at the end
    first.with_name("near.safetensors").write_bytes(near)
    [likely] = report(models).copies
    assert names((likely,)) == [["a", "copy", "near"]] and not likely.sure
    [half] = report(models, "a").copies
    assert len(half.models) == 3 and not half.sure
    [sure] = report(models, "a", "copy", "near").copies
    assert names((sure,)) == [["a", "copy"]] and sure.sure
    assert sure.spare == sure.bytes == first.stat().st_size


def test_names_of_one_file_take_its_place_once(models: Path) -> None:
    first = write_weights(models / "loras" / "a.safetensors", LORA, 1)
    try:
        os.link(first, first.with_name("b.safetensors"))
        first.with_name("c.safetensors").symlink_to(first)
    except OSError:
        pytest.skip("links may not be made here")
    told = report(models)
    [one] = told.copies
    assert (one.linked, one.sure, one.spare) == (True, True, 0)
    assert told.bytes == first.stat().st_size and told.kinds["lora"].bytes == 3 * told.bytes


def test_parts_that_folders_share(models: Path) -> None:
    write_folder(models / "checkpoints" / "a")
    write_folder(models / "checkpoints" / "b")
    (models / "vae").mkdir()
    vae = models / "checkpoints" / "a" / "vae" / "diffusion_pytorch_model.safetensors"
    write_weights(vae, {"decoder.conv_in.weight": (2, 2)}, 3)
    shutil.copy(vae, models / "vae" / "soft.safetensors")
    told = report(models)
    parts = {one.part: names((one,))[0] for one in told.shared}
    assert parts["vae/diffusion_pytorch_model.safetensors"] == ["a", "soft"]
    assert parts["unet/diffusion_pytorch_model.safetensors"] == ["a", "b"]
    assert told.copies == ()


def test_small_files_and_those_that_cannot_be_read_are_no_copies(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        write_weights(models / "loras" / f"{name}.safetensors", LORA)
    assert len(report(models).copies) == 1
    monkeypatch.setattr(disk, "_SMALLEST", 10**6)
    assert report(models).copies == ()
    monkeypatch.setattr(disk, "_SMALLEST", 1)
    monkeypatch.setattr(disk, "_sample", lambda _: None)
    assert report(models).copies == ()
