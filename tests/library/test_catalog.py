import hashlib
import json
import os
import threading
import time
import unicodedata
from pathlib import Path

import pytest

from tests.checkpoints import KEYS, UNET_INPUT, write_file, write_folder, write_weights
from webui.core.errors import UnknownId, UserError
from webui.core.paths import CLONE, Paths
from webui.core.settings import Settings, save_settings
from webui.library import scans
from webui.library import telling as module
from webui.library.cards import CARDS
from webui.library.catalog import Catalog


@pytest.fixture
def make(tmp_path):
    """A catalog of `user` and `shipped`, the model `shipped/checkpoints/demo` in it."""
    write_folder(tmp_path / "shipped" / "checkpoints" / "demo")

    def make(preferred: str | None = None) -> Catalog:
        shipped = tmp_path / "shipped"
        folders = [tmp_path / "user", shipped]
        demo = shipped / "checkpoints" / "demo"
        return Catalog(folders, demo, tmp_path / "models.sqlite", lambda: preferred)

    return make


@pytest.fixture
def user(tmp_path):
    return tmp_path / "user" / "checkpoints"


def ids(catalog: Catalog) -> list[str]:
    return [info.id for info in catalog.models()]


def test_the_clone_ships_a_model():
    info = Catalog.of(Paths.choose()).get("easel-demo")
    assert (info.family, info.shipped, info.problem) == ("sd1", True, None)
    assert (info.card.width, info.card.title["pl"]) == (128, "Easel demo")


def test_ids_are_paths_and_distinct(make, user, tmp_path):
    write_file(user / "sub" / "B.safetensors")
    write_file(user / "a.safetensors")
    write_folder(user / "a")
    (user / "a.ckpt").write_bytes(b"")
    write_file(tmp_path / "user" / "Stable-diffusion" / "A.safetensors")
    assert ids(make()) == ["a", "A (2)", "a.ckpt", "a.safetensors", "demo", "sub/B"]
    assert make().get("a").format == "diffusers"


def test_an_accent_has_one_spelling(make, user):
    name = "żółw"
    write_file(user / f"{unicodedata.normalize('NFD', name)}.safetensors")
    assert make().get(name).id == unicodedata.normalize("NFC", name)


def test_any_name_people_use(make, user):
    path = write_file(user / "sub" / "Dream_v1.safetensors")
    card = {"title": {"en": "Dream One", "pl": "Sen"}}
    path.with_name("Dream_v1.easel.json").write_text(json.dumps(card), encoding="utf-8")
    catalog = make()
    short = catalog.hash("sub/Dream_v1")
    names = ["sub/Dream_v1", "SUB/dream_v1", "Dream One", "sen", "Dream_v1", "dream_v1.safetensors"]
    names += [
        "sub\\Dream_v1.safetensors",
        f"Dream_v1.safetensors [{short}]",
        f"Sen [{short}]",
        short,
    ]
    for name in names:
        assert catalog.get(name).path == str(path), name


@pytest.mark.parametrize("name", ["", "..", "/", "../shipped/checkpoints/demo", "demo/unet", "*"])
def test_a_name_never_becomes_a_path(make, tmp_path, name):
    names = [name, str(tmp_path / "shipped" / "checkpoints" / "demo")]
    for asked in names:
        with pytest.raises(UnknownId) as caught:
            make().get(asked)
        assert caught.value.problem.field == "model"


def test_what_came_a_moment_ago_is_found_where_walks_are_long(make, user, tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "_QUICK", -1.0)
    monkeypatch.setattr(scans, "_REST", 10**9)
    catalog = make()
    assert catalog.find("checkpoint", "late") is None
    write_file(user / "late.safetensors")
    found = catalog.find("checkpoint", "late")
    assert found is not None and found.name == "late"
    write_file(user / "later.safetensors")
    assert catalog.get("later").path == str(user / "later.safetensors")


def test_the_sentence_for_an_unknown_name_is_bounded(make):
    with pytest.raises(UnknownId, match="There is no model “x{100}”: choose one") as caught:
        make().get("x" * 10**6)
    assert len(str(caught.value)) < 1000


def test_the_default_is_the_shipped_model_until_the_user_adds_one(make, user, tmp_path):
    catalog = make()
    assert catalog.get().id == "demo"
    write_file(user / "z.safetensors")
    assert catalog.get().id == "z"
    write_file(user / "y.safetensors")
    assert catalog.get().id == "y"
    write_weights(user / "broken.safetensors", {"x": (1,)})
    assert catalog.get().id == "y"
    assert make(preferred="z.safetensors").get().id == "z"
    assert make(preferred="gone").get().id == "y"
    assert make(preferred="broken").get().id == "y"


def test_the_settings_name_the_default(tmp_path):
    paths = Paths.choose(data=tmp_path)
    for name in ("a", "b"):
        write_file(paths.models / "checkpoints" / f"{name}.safetensors")
    catalog = Catalog.of(paths)
    assert catalog.get().id == "a"
    save_settings(paths.settings, Settings(default_model="b"))
    assert catalog.get().id == "b"
    save_settings(paths.settings, Settings(default_model="easel-demo"))
    assert catalog.get().path == str(CLONE / "models" / "checkpoints" / "easel-demo")


def test_nothing_there_at_all(tmp_path):
    catalog = Catalog([tmp_path], tmp_path / "demo", tmp_path / "models.sqlite")
    assert catalog.models() == ()
    with pytest.raises(
        UserError, match=r"put a Stable Diffusion 1 checkpoint .* into .*checkpoints"
    ):
        catalog.get()


def test_what_cannot_be_used_is_listed_with_the_reason(make, user):
    file = write_file(user / "cut.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    write_weights(user / "other.safetensors", {"noise_augmentor.data_mean": (1,)})
    (user / "old.ckpt").write_bytes(b"pickle")
    catalog = make()
    problems = {info.id: info.problem and info.problem.code for info in catalog.models()}
    assert problems == {
        "cut": "model_cut_off",
        "demo": None,
        "old": "model_damaged",
        "other": "model_unsupported",
    }
    with pytest.raises(UserError, match=r"cut\.safetensors is cut off") as caught:
        catalog.get("cut")
    assert caught.value.problem.field == "model"


def test_what_a_model_is(make, user):
    write_weights(user / "xl lightning.safetensors", KEYS["sdxl"])
    info = make().get("xl lightning")
    assert (info.family, info.variant, info.card.steps) == ("sdxl", "lightning", 8)
    (user / "xl lightning.easel.json").write_text('{"prediction": "v_prediction", "steps": 5}')
    card = make().get("xl lightning").card
    assert (card.prediction, card.steps, card.cfg_scale) == ("v_prediction", 5, 1.0)


def test_of_two_with_one_name_the_usable_one(make, user):
    (user / "a").mkdir(parents=True)
    (user / "a" / "same.ckpt").write_bytes(b"")
    write_file(user / "b" / "same.safetensors")
    assert make().get("same").id == "b/same"


def test_cards(make, user):
    file = write_file(user / "a.safetensors")
    catalog = make()
    assert catalog.get("a").card == CARDS["sd1"]
    card = user / "a.easel.json"
    card.write_text('{"steps": 9, "family": "x"}', encoding="utf-8")
    assert catalog.get("a").card == CARDS["sd1"].model_copy(update={"steps": 9})
    card.write_text('{"steps": "many"}', encoding="utf-8")
    assert catalog.get("a").card == CARDS["sd1"]
    folder = write_folder(user / "b")
    (folder / "easel.json").write_text('{"width": 128}', encoding="utf-8")
    assert catalog.get("b").card.width == 128
    assert catalog.get("b").bytes < file.stat().st_size


def test_only_what_changed_is_read_again(make, user, monkeypatch):
    read: list[str] = []
    recognise_file = module.recognise_file

    def counted(path, header):
        read.append(path.name)
        return recognise_file(path, header)

    monkeypatch.setattr(module, "recognise_file", counted)
    write_file(user / "a.safetensors")
    write_file(user / "b.safetensors")
    catalog = make()
    assert ids(catalog) == ids(catalog) == ["a", "b", "demo"]
    assert sorted(read) == ["a.safetensors", "b.safetensors"]
    write_weights(user / "b.safetensors", {UNET_INPUT: (1, 4), "more": (9,)})
    assert catalog.models()[1].problem is not None
    (user / "a.safetensors").unlink()
    assert ids(catalog) == ["b", "demo"]
    assert len(read) == 3


def test_hashes_are_those_of_the_weights(make, user):
    file = write_file(user / "a.safetensors")
    catalog = make()
    assert [info.hash for info in catalog.models()] == [None, None]
    assert catalog.hash("a") == hashlib.sha256(file.read_bytes()).hexdigest()[:10]
    assert catalog.get("a").hash == catalog.hash("a")
    unet = file.parents[2] / "shipped/checkpoints/demo/unet/diffusion_pytorch_model.safetensors"
    assert catalog.hash("demo") == hashlib.sha256(unet.read_bytes()).hexdigest()[:10]
    assert catalog.hash("unknown") is None


def test_many_threads(make, user):
    for number in range(20):
        write_file(user / f"{number}.safetensors")
    catalog, wrong = make(), []

    def look() -> None:
        for _ in range(10):
            if len(catalog.models()) != 21 or catalog.get("7").problem:
                wrong.append(1)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- models of every kind


LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def models(tmp_path):
    """One of each of some kinds in the user's folder, with what lies beside them."""
    user = tmp_path / "user"
    write_weights(user / "loras" / "Dog.safetensors", LORA, metadata={"ss_output_name": "sks"})
    write_weights(user / "embeddings" / "bad.safetensors", {"emb_params": (2, 768)})
    write_weights(user / "vae" / "a.safetensors", {"decoder.conv_in.weight": (8, 4)})
    (user / "upscalers").mkdir()
    (user / "upscalers" / "4x.pth").write_bytes(b"not torch's")
    return user


def kinds(catalog: Catalog, **asked) -> dict[str, str]:
    return {entry.name: entry.kind for entry in catalog.entries(**asked).entries}


def test_every_kind_is_listed(make, models):
    page = make().entries()
    told = {entry.name: entry.kind for entry in page.entries}
    assert told == {
        "4x": "upscaler",
        "a": "vae",
        "bad": "embedding",
        "demo": "checkpoint",
        "Dog": "lora",
    }
    assert page.whole and page.problems == () and page.total == 5
    assert kinds(make(), kind="lora", search="dog", family="sd1") == {"Dog": "lora"}


def test_a_lora_among_checkpoints_is_told_so_and_is_one(make, user):
    write_weights(user / "x.safetensors", LORA)
    catalog = make()
    with pytest.raises(UserError, match=r"x\.safetensors is no checkpoint but of the kind lora"):
        catalog.get("x")
    found = catalog.find("lora", "x")
    assert found and found.problem is None


def test_a_checkpoint_among_loras_can_be_used(make, models):
    write_file(models / "loras" / "sub" / "big.safetensors")
    catalog = make()
    assert catalog.get("big").id == "sub/big"
    assert catalog.get("BIG").family == "sd1"
    assert "sub/big" in ids(catalog)
    found = catalog.find("checkpoint", "big")
    assert found and found.name == "sub/big"


def test_names_of_checkpoints_are_their_ids(make, user):
    write_file(user / "a.safetensors")
    write_weights(user / "x" / "a.safetensors", LORA)
    write_file(user.parent / "Stable-diffusion" / "A.safetensors")
    catalog = make()
    names = {entry.name for entry in catalog.entries("checkpoint").entries}
    assert names == {"a", "A.safetensors", "demo"}
    for name in names:
        entry = catalog.find("checkpoint", name)
        assert entry and entry.path == catalog.get(name).path


def test_a_lora_by_any_name(make, models):
    catalog = make()
    id = catalog.entries("lora").entries[0].id
    hashed = catalog.hashed(id)
    data = (models / "loras" / "Dog.safetensors").read_bytes()
    assert hashed.sha256 == hashlib.sha256(data).hexdigest()
    assert hashed.hash == hashed.sha256[:10] and len(hashed.autov3 or "") == 12
    for name in (id, "dog", "Dog.safetensors", "SKS", hashed.hash, hashed.autov3, hashed.sha256):
        found = catalog.find("lora", name)
        assert found and found.id == id, name
    assert make().entry(id) == hashed
    assert catalog.find("lora", "cat") is None
    assert catalog.find("vae", "dog") is None


def test_notes_are_kept_in_the_card_beside(make, models, user):
    catalog = make()
    entry = catalog.entries("lora").entries[0]
    assert catalog.set_notes(entry.id, " moje: żółw ").notes == "moje: żółw"
    card = models / "loras" / "Dog.easel.json"
    assert json.loads(card.read_bytes()) == {"notes": "moje: żółw"}
    assert make().entry(entry.id).notes == "moje: żółw"
    card.write_text('{"notes": "x", "title": {"en": "T"}}')
    assert catalog.set_notes(entry.id, "").notes is None
    assert json.loads(card.read_bytes()) == {"title": {"en": "T"}}
    card.write_text("{broken")
    with pytest.raises(UserError, match=r"Dog\.easel\.json is damaged"):
        catalog.set_notes(entry.id, "x")
    assert card.read_text() == "{broken"


def test_notes_of_a_folder_lie_beside_it(make, tmp_path):
    catalog = make()
    demo = catalog.entries("checkpoint").entries[0]
    assert catalog.set_notes(demo.id, "mine").notes == "mine"
    assert (tmp_path / "shipped/checkpoints/demo.easel.json").exists()
    assert catalog.get("demo").card == CARDS["sd1"]


def test_the_picture_beside(make, models):
    catalog = make()
    entry = catalog.entries("lora").entries[0]
    assert entry.preview is None and catalog.picture(entry.id) is None
    (models / "loras" / "Dog.preview.png").write_bytes(b"x")
    assert catalog.entry(entry.id).preview
    assert catalog.picture(entry.id) == b"x"


@pytest.mark.parametrize("id", ["", "..", "/etc/passwd", "0" * 16, "x" * 10**5])
def test_an_id_that_does_not_exist(make, id):
    catalog = make()
    for ask in (catalog.entry, catalog.hashed, catalog.picture):
        with pytest.raises(UnknownId, match="There is no model with the id"):
            ask(id)
    with pytest.raises(UnknownId):
        catalog.set_notes(id, "x")


def test_hashing_what_is_gone(make, models, monkeypatch):
    catalog = make()
    id = catalog.entries("lora").entries[0].id
    open_file = Path.open

    def gone(path, *how, **more):
        if path.suffix == ".safetensors":
            raise FileNotFoundError(2, "No such file or directory")
        return open_file(path, *how, **more)

    monkeypatch.setattr(Path, "open", gone)
    with pytest.raises(UserError, match=r"Dog\.safetensors cannot be read"):
        catalog.hashed(id)


def test_folders_of_other_programs(tmp_path):
    paths = Paths.choose(data=tmp_path / "data")
    program = tmp_path / "stable-diffusion-webui"
    write_file(program / "models" / "Stable-diffusion" / "theirs.safetensors")
    write_weights(program / "models" / "Lora" / "dog.safetensors", LORA)
    catalog = Catalog.of(paths)
    assert catalog.find("lora", "dog") is None
    paths.models.mkdir(parents=True)
    folders = (str(program), str(tmp_path / "absent"), " ", str(paths.models))
    save_settings(paths.settings, Settings(model_folders=folders))
    found = catalog.find("lora", "dog")
    assert found and found.folder == str(program / "models" / "Lora")
    assert catalog.get("theirs").family == "sd1"
    (problem,) = catalog.entries().problems
    assert problem.code == "model_folder_missing" and "absent" in problem.message


def test_the_worker_sees_what_the_server_read_and_hashed(make, models, monkeypatch):
    server = make()
    id = server.entries("lora").entries[0].id
    monkeypatch.setattr("webui.library.scans.tell", None)  # nothing is read again
    worker = make()
    assert worker.entry(id) == server.entry(id)
    server.hashed(id)
    assert worker.entry(id).hash == server.entry(id).hash is not None


def test_in_the_background(make, models):
    catalog = make()
    catalog.watch()
    catalog.watch()
    try:
        end = time.monotonic() + 20
        while catalog.entries(patience=0.01).total < 5:
            assert time.monotonic() < end
        (models / "loras" / "Dog.safetensors").unlink()
        while catalog.entries(patience=0.01).total > 4:
            assert time.monotonic() < end
    finally:
        catalog.close()
    assert "catalog" not in {thread.name for thread in threading.enumerate()}


def test_strange_files_hold_nobody_up(make, models):
    loras = models / "loras"
    (loras / "cut.safetensors").write_bytes((loras / "Dog.safetensors").read_bytes()[:-1])
    (loras / "huge.safetensors").write_bytes((10**12).to_bytes(8, "little") + b"{}")
    (loras / "page.safetensors").write_text("<html>404 not found</html>")
    (loras / "folder.safetensors").mkdir()
    try:
        (loras / "loop").symlink_to(loras, target_is_directory=True)
    except OSError:
        pass  # this system lets nobody make links
    problems = {e.name: e.problem and e.problem.code for e in make().entries("lora").entries}
    assert problems == {
        "Dog": None,
        "cut": "model_cut_off",
        "huge": "model_damaged",
        "page": "model_damaged",
    }


def test_a_folder_that_may_not_be_read_is_named(make, models, monkeypatch):
    (models / "loras" / "shut").mkdir()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    page = make().entries("lora")
    (problem,) = page.problems
    assert problem.code == "folder_unreadable" and "shut" in problem.message
    assert "Permission denied" in problem.message and page.total == 1


def test_an_end_at_any_moment_is_heard(tmp_path: Path) -> None:
    """Also between two looks, where what wakes the thread is forgotten."""
    catalog = Catalog.of(Paths.choose(tmp_path))

    class Ending(threading.Event):
        def clear(self) -> None:
            catalog._end.set()
            self.set()
            super().clear()

    catalog._wake = Ending()
    catalog.watch()
    assert catalog._watcher is not None
    catalog._watcher.join(5)
    assert not catalog._watcher.is_alive()
