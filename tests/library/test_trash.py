"""Deleted models: kept, put back, deleted for good; nothing is ever written over."""

import errno
import json
import os
from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_folder
from webui.core import files
from webui.core.errors import UnknownId, UserError
from webui.library.catalog import Catalog
from webui.library.trash import FOLDER, Trash, Trashed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def catalog(tmp_path: Path, home: Path) -> Catalog:
    return Catalog([home], tmp_path / "none", tmp_path / "models.sqlite")


def deleted(catalog: Catalog, name: str) -> Trashed:
    found = catalog.find("checkpoint", name)
    assert found is not None
    return catalog.remove(found.id)


def names(catalog: Catalog) -> list[str]:
    return [one.name for one in catalog.entries().entries]


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_model_goes_and_comes_back_with_what_lies_beside_it(catalog: Catalog, home: Path):
    file = write_file(home / "checkpoints" / "sub" / "a.safetensors")
    (file.parent / "a.png").write_bytes(b"picture")
    whole = file.read_bytes()
    told = deleted(catalog, "sub/a")
    assert (told.kind, told.name, told.folder) == ("checkpoint", "sub/a", "checkpoints/sub")
    assert told.files == ("a.safetensors", "a.png") and told.bytes == len(whole)
    assert names(catalog) == [] and left(home / "checkpoints") == ["sub"]
    listed = catalog.trash.list()
    assert listed.models == (told,) and listed.bytes == told.bytes > 0
    assert catalog.trash.restore(told.id) == told
    catalog.expire()
    assert names(catalog) == ["sub/a"] and file.read_bytes() == whole
    assert (file.parent / "a.png").read_bytes() == b"picture"
    assert catalog.trash.list().models == () and left(home / FOLDER) == []


def test_folders_and_links(catalog: Catalog, home: Path, tmp_path: Path):
    folder = write_folder(home / "checkpoints" / "f")
    before = left(folder)
    far = write_file(tmp_path / "far" / "l.safetensors")
    (home / "checkpoints" / "l.safetensors").symlink_to(far)
    both = [deleted(catalog, name) for name in ("f", "l")]
    assert names(catalog) == [] and far.exists()
    for one in both:
        catalog.trash.restore(one.id)
    catalog.expire()
    assert names(catalog) == ["f", "l"] and left(folder) == before
    assert (home / "checkpoints" / "l.safetensors").is_symlink()


def test_a_place_that_is_taken_stays_as_it_is(catalog: Catalog, home: Path):
    file = write_file(home / "checkpoints" / "a.safetensors")
    (home / "checkpoints" / "a.txt").write_text("old")
    told = deleted(catalog, "a")
    file.write_bytes(b"another")
    with pytest.raises(UserError) as caught:
        catalog.trash.restore(told.id)
    assert caught.value.problem.code == "trash_taken" and file.read_bytes() == b"another"
    file.unlink()
    (home / "checkpoints" / "a.txt").write_text("new")
    catalog.trash.restore(told.id)
    assert (home / "checkpoints" / "a.txt").read_text() == "new"


def test_for_good(catalog: Catalog, home: Path):
    for name in "abc":
        write_file(home / "checkpoints" / f"{name}.safetensors")
    first, *_ = [deleted(catalog, name) for name in "abc"]
    assert [one.name for one in catalog.trash.list().models] == ["c", "b", "a"]
    catalog.trash.drop(first.id)
    with pytest.raises(UnknownId):
        catalog.trash.drop(first.id)
    assert [one.name for one in catalog.trash.list().models] == ["c", "b"]
    (home / FOLDER / "rest").write_text("of something")
    catalog.trash.empty()
    assert left(home / FOLDER) == []
    catalog.trash.empty()
    Trash(home / "nowhere").empty()


@pytest.mark.parametrize("id", ["", "..", "x", "0" * 24, "../checkpoints"])
def test_nothing_else_is_in_it(catalog: Catalog, home: Path, id: str):
    write_file(home / "checkpoints" / "a.safetensors")
    for act in (catalog.trash.restore, catalog.trash.drop):
        with pytest.raises(UnknownId):
            act(id)
    assert names(catalog) == ["a"]


@pytest.mark.parametrize(
    "changes",
    [{"folder": "../.."}, {"files": ["../../x"]}, {"files": []}, {"id": "1" * 24}, {"files": 5}],
)
def test_what_is_told_of_one_leads_nowhere_else(
    catalog: Catalog, home: Path, changes: dict[str, object]
):
    write_file(home / "checkpoints" / "a.safetensors")
    told = deleted(catalog, "a")
    card = home / FOLDER / told.id / ".trashed.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **changes}))
    with pytest.raises(UnknownId):
        catalog.trash.restore(told.id)


def test_what_cannot_be_moved_is_still_there(
    catalog: Catalog, home: Path, monkeypatch: pytest.MonkeyPatch
):
    file = write_file(home / "checkpoints" / "a.safetensors")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(files, "_move_to_new", refuse)
        with pytest.raises(UserError) as caught:
            deleted(catalog, "a")
    assert caught.value.problem.code == "folder_forbidden"
    assert file.exists() and catalog.trash.list().models == ()
    assert names(catalog) == ["a"]


def test_one_that_was_half_deleted_is_no_model(
    catalog: Catalog, home: Path, monkeypatch: pytest.MonkeyPatch
):
    write_folder(home / "checkpoints" / "f")
    told = deleted(catalog, "f")

    def fail(path: Path, **_: object) -> None:
        os.remove(Path(path) / "f" / "unet" / "config.json")
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("webui.library.trash.shutil.rmtree", fail)
        with pytest.raises(UserError):
            catalog.trash.drop(told.id)
    assert catalog.trash.list().models == ()
    catalog.trash.empty()
    assert left(home / FOLDER) == []
