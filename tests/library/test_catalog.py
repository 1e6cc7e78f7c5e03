import hashlib
import json
import threading
import unicodedata

import pytest

from tests.checkpoints import KEYS, UNET_INPUT, write_file, write_folder, write_weights
from webui.core.errors import UnknownId, UserError
from webui.core.paths import CLONE, Paths
from webui.core.settings import Settings, save_settings
from webui.library import catalog as module
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
        return Catalog(folders, demo, tmp_path / "hashes.json", lambda: preferred)

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
    catalog = Catalog([tmp_path], tmp_path / "demo", tmp_path / "hashes.json")
    assert catalog.models() == ()
    with pytest.raises(
        UserError, match=r"put a Stable Diffusion 1 checkpoint .* into .*checkpoints"
    ):
        catalog.get()


def test_what_cannot_be_used_is_listed_with_the_reason(make, user):
    file = write_file(user / "cut.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    write_weights(user / "flux.safetensors", {"double_blocks.0.a": (1,)})
    (user / "old.ckpt").write_bytes(b"pickle")
    catalog = make()
    problems = {info.id: info.problem and info.problem.code for info in catalog.models()}
    assert problems == {
        "cut": "model_cut_off",
        "demo": None,
        "flux": "model_unsupported",
        "old": "model_pickle",
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

    def counted(path):
        read.append(path.name)
        return recognise_file(path)

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
