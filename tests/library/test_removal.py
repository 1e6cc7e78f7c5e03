from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_folder
from webui.core.errors import UnknownId, UserError
from webui.library.catalog import Catalog


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return tmp_path / "user" / "checkpoints"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    demo = write_folder(tmp_path / "shipped" / "checkpoints" / "demo")
    folders = [tmp_path / "user", tmp_path / "shipped"]
    index = tmp_path / "models.sqlite"
    return Catalog(folders, demo, index, more=lambda: (tmp_path / "other",))


def id_of(catalog: Catalog, name: str) -> str:
    found = catalog.find("checkpoint", name)
    assert found is not None
    return found.id


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_goes_with_what_lies_beside_it(catalog: Catalog, user: Path):
    write_file(user / "sub" / "a.safetensors")
    write_file(user / "sub" / "a.b.safetensors")
    for name in ("a.png", "a.preview.png", "a.easel.json", "a.civitai.info", "a.b.png", "ab.txt"):
        (user / "sub" / name).write_text("{}")
    catalog.remove(id_of(catalog, "sub/a"))
    assert left(user / "sub") == ["a.b.png", "a.b.safetensors", "ab.txt"]
    assert [one.name for one in catalog.entries("checkpoint").entries] == ["demo", "sub/a.b"]


def test_what_another_model_has_too_stays(catalog: Catalog, user: Path):
    write_file(user / "a.safetensors")
    (user / "a.ckpt").write_bytes(b"")
    (user / "a.png").write_bytes(b"")
    catalog.remove(id_of(catalog, "a.safetensors"))
    assert left(user) == ["a.ckpt", "a.png"]
    catalog.remove(id_of(catalog, "a.ckpt"))
    assert left(user) == []


def test_a_folder_goes_whole_and_the_file_of_its_name_stays(catalog: Catalog, user: Path):
    write_folder(user / "a")
    (user / "a.easel.json").write_text("{}")
    write_file(user / "b.safetensors")
    catalog.remove(id_of(catalog, "a"))
    assert left(user) == ["b.safetensors"]


def test_of_a_link_only_the_link_goes(catalog: Catalog, user: Path, tmp_path: Path):
    file = write_file(tmp_path / "elsewhere" / "a.safetensors")
    folder = write_folder(tmp_path / "elsewhere" / "f")
    user.mkdir(parents=True)
    try:
        (user / "a.safetensors").symlink_to(file)
        (user / "f").symlink_to(folder)
    except OSError:
        pytest.skip("links may not be made here")
    for name in ("a", "f"):
        catalog.remove(id_of(catalog, name))
    assert left(user) == [] and file.exists() and (folder / "unet").is_dir()


def test_nothing_outside_of_our_folder_is_deleted(catalog: Catalog, user: Path, tmp_path: Path):
    other = write_file(tmp_path / "other" / "checkpoints" / "theirs.safetensors")
    beyond = write_file(tmp_path / "beyond" / "far.safetensors")
    user.mkdir(parents=True)
    (user / "way").symlink_to(beyond.parent)
    for name, file in (("theirs", other), ("way/far", beyond)):
        with pytest.raises(UserError) as caught:
            catalog.remove(id_of(catalog, name))
        assert caught.value.problem.code == "model_not_ours"
        assert file.exists()


def test_the_shipped_model_stays(catalog: Catalog, tmp_path: Path):
    with pytest.raises(UserError, match="demo comes with Easel"):
        catalog.remove(id_of(catalog, "demo"))
    # Also where it lies in the user's own folder: a clone that keeps its models in itself.
    shipped = tmp_path / "shipped"
    clone = Catalog([shipped], shipped / "checkpoints" / "demo", tmp_path / "clone.sqlite")
    with pytest.raises(UserError) as caught:
        clone.remove(id_of(clone, "demo"))
    assert caught.value.problem.code == "model_shipped"
    assert (shipped / "checkpoints" / "demo" / "unet").is_dir()


def test_an_unknown_id(catalog: Catalog):
    with pytest.raises(UnknownId):
        catalog.remove("../checkpoints")
