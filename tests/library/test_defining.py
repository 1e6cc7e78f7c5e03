"""Definitions in the catalog: found, put together, kept apart from their bases."""

from pathlib import Path

import pytest

from tests.checkpoints import write_file, write_weights
from tests.library.test_telling import LORA
from webui.core.errors import UnknownId, UserError
from webui.library.catalog import Catalog
from webui.library.definitions import DefinedLora, Definition, save_new
from webui.library.presets import OwnPreset, Preset, Presets

QUICK = Definition(
    name="Dream, quick",
    base="dream",
    loras=(DefinedLora(name="fast", weight=0.5),),
    defaults=Preset(steps=4, sampler="LCM"),
    trigger_words=("sks",),
    notes="For a quick look.",
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_file(tmp_path / "models" / "checkpoints" / "dream.safetensors")
    write_weights(tmp_path / "models" / "loras" / "fast.safetensors", LORA)
    return tmp_path / "models"


@pytest.fixture
def catalog(models: Path) -> Catalog:
    presets = Presets(models.parent / "presets.json")
    none = models / "none"
    return Catalog([models], none, models.parent / "index.sqlite", presets=presets)


def test_it_is_a_model_like_any_other(catalog: Catalog, models: Path):
    entry = catalog.define(QUICK)
    assert (entry.kind, entry.format, entry.name) == ("checkpoint", "definition", "Dream, quick")
    assert (entry.title, entry.trigger_words) == (QUICK.name, ("sks",))
    assert (entry.description, entry.family, entry.problem) == ("For a quick look.", "sd1", None)
    info = catalog.get("Dream, quick")
    assert info.path == catalog.get("dream").path and info.loras == (("fast", 0.5),)
    assert (info.card.steps, catalog.get("dream").card.steps) == (4, 20)
    assert catalog.definition(entry.id) == (Path(entry.path), QUICK)
    assert Catalog([models], models, models.parent / "index.sqlite").get("Dream, quick") == info


def test_names_of_the_base_still_mean_the_base(catalog: Catalog):
    short = catalog.hash("dream")
    catalog.define(QUICK)
    for name in ("dream", "dream.safetensors", short):
        found = catalog.get(name)
        assert found.id == "dream" and not found.loras, name
    assert catalog.hash("Dream, quick") == short, "its weights are its base's"


def test_a_base_may_be_named_by_its_hash(catalog: Catalog):
    short = catalog.hash("dream")
    catalog.define(QUICK.model_copy(update={"base": short, "name": "B"}))
    assert catalog.get("B").problem is None


def test_what_is_missing_is_missed_until_it_is_there(catalog: Catalog, models: Path):
    lora = models / "loras" / "fast.safetensors"
    aside = lora.rename(models.parent / "aside")
    catalog.entries()
    catalog.define(QUICK)
    with pytest.raises(UserError, match="needs fast"):
        catalog.get("Dream, quick")
    assert [one.name for one in catalog.missing(QUICK)] == ["fast"]
    assert catalog.get("dream").id == "dream"
    aside.rename(lora)
    catalog.expire()
    catalog.entries()
    assert catalog.get("Dream, quick").problem is None and catalog.missing(QUICK) == ()


def test_a_broken_one_is_listed_with_its_reason_and_the_rest_works(catalog: Catalog, models: Path):
    folder = models / "checkpoints"
    (folder / "bad.easel.toml").write_text("name = ")
    save_new(folder, QUICK)
    (folder / "kohya.toml").write_text("anything = 1")
    page = catalog.entries("checkpoint")
    assert [entry.name for entry in page.entries] == ["bad", "dream", "Dream, quick"]
    assert page.entries[0].problem and page.entries[0].problem.code == "definition_broken"
    assert catalog.get("Dream, quick").card.steps == 4
    with pytest.raises(UserError, match="defines no model"):
        catalog.get("bad")
    mended = catalog.define(QUICK.model_copy(update={"name": "Mended"}), page.entries[0].id)
    assert (mended.id, mended.title, mended.problem) == (page.entries[0].id, "Mended", None)


def test_definitions_are_not_made_of_each_other(catalog: Catalog):
    catalog.define(QUICK)
    catalog.define(Definition(name="Self", base="Self"))
    catalog.define(Definition(name="Other", base="Dream, quick"))
    for name in ("Self", "Other"):
        with pytest.raises(UserError, match="is not there"):
            catalog.get(name)


def test_only_definitions_can_be_redefined(catalog: Catalog):
    dream = catalog.find("checkpoint", "dream")
    assert dream
    with pytest.raises(UnknownId):
        catalog.define(QUICK, dream.id)
    with pytest.raises(UnknownId):
        catalog.definition(dream.id)


def test_one_is_deleted_with_its_notes_and_without_its_base(catalog: Catalog, models: Path):
    entry = catalog.define(QUICK)
    catalog.set_notes(entry.id, "mine")
    notes = models / "checkpoints" / "Dream, quick.easel.json"
    assert notes.exists() and catalog.entry(entry.id).notes == "mine"
    catalog.remove(entry.id)
    assert not notes.exists() and not Path(entry.path).exists()
    assert [info.id for info in catalog.models()] == ["dream"]


def test_the_users_presets_go_before_cards_and_definitions(catalog: Catalog):
    catalog.define(QUICK)
    for kind, name, steps in (("family", "sd1", 11), ("model", "Dream, quick", 3)):
        values = Preset(steps=steps)
        catalog.presets.keep(OwnPreset(kind=kind, name=name, values=values))  # pyright: ignore
    assert catalog.get("dream").card.steps == 11
    assert (catalog.get("Dream, quick").card.steps, catalog.get("Dream, quick").card.sampler) == (
        3,
        "LCM",
    )
    catalog.presets.remove("model", "Dream, quick")
    assert catalog.get("Dream, quick").card.steps == 11
