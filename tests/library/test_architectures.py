"""Models of architectures that extensions bring, in the real catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints import write_file, write_weights
from webui.core.architectures import Architecture, Brought
from webui.core.errors import UserError
from webui.library.catalog import Catalog
from webui.library.needs import sizes_of
from webui.library.suiting import suits, unused_fields

MADE = Architecture(
    name="made",
    marks=("made.in.", "made.out."),
    shapes={"made.in.weight": (8, 0)},
    card={"width": 96, "height": 64, "steps": 30, "unused": ["shift"]},  # pyright: ignore
    parts={"made.": "network", "made.in.": "text_encoder"},
    beside={"vae": 2},
)
NAMES = {"made.in.weight": (8, 4), "made.out.weight": (2, 2)}


class Shelf:
    """A folder of models, and extensions that come and go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "models" / "checkpoints"
        self.folder.mkdir(parents=True)
        self.brought: Brought = (("maker", MADE),)
        place = (folder / "models", folder / "none", folder / "index.sqlite")
        self.catalog = Catalog([place[0]], place[1], place[2], brought=lambda: self.brought)

    def write(self, name: str, shapes: dict[str, tuple[int, ...]]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_weights(path, shapes)
        return path


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_it_is_listed_chosen_and_suited(shelf: Shelf):
    shelf.write("one.safetensors", NAMES)
    (entry,) = shelf.catalog.entries("checkpoint").entries
    assert (entry.name, entry.family, entry.problem) == ("one", "made", None)
    info = shelf.catalog.get("one")
    assert (info.family, info.extension, info.card.width, info.card.steps) == (
        *("made", "maker"),
        *(96, 30),
    )
    assert unused_fields(info) == ("shift",)
    assert [one.code for one in suits(info, {"width": 512, "height": 512}).hints] == ["hint_large"]
    assert shelf.catalog.get().id == "one", "it can be the default model"


def test_its_memory_is_told_by_its_parts(shelf: Shelf):
    shelf.write("one.safetensors", NAMES)
    sizes = sizes_of(shelf.catalog.get("one"), 4)
    assert (sizes.text, sizes.network, sizes.vae) == (8 * 4 * 4, 2 * 2 * 4, 8 * 10**6)


def test_it_goes_and_comes_with_its_extension(shelf: Shelf):
    shelf.write("one.safetensors", NAMES)
    assert shelf.catalog.get("one").family == "made"
    shelf.brought = ()
    with pytest.raises(UserError, match=r"one\.safetensors"):
        shelf.catalog.get("one")
    shelf.brought = (("other", MADE.model_copy(update={"name": "again"})),)
    assert (shelf.catalog.get("one").family, shelf.catalog.get("one").extension) == (
        *("again", "other"),
    )


@pytest.mark.parametrize(
    "shapes",
    [
        {"made.in.weight": (8, 4)},
        {**NAMES, "made.in.weight": (9, 4)},
        {**NAMES, "made.in.weight": (8,)},
    ],
)
def test_what_differs_in_a_name_or_shape_is_none(shelf: Shelf, shapes: Any):
    shelf.write("one.safetensors", shapes)
    assert shelf.catalog.models()[0].problem is not None


def test_ours_are_never_taken_away(shelf: Shelf):
    write_file(shelf.folder / "sd.safetensors")
    everything = Architecture(name="greedy", marks=("model.diffusion_model.",))
    named_like_ours = Architecture(name="sd1", marks=("made.in.",))
    shelf.write("one.safetensors", NAMES)
    shelf.brought = (("maker", everything), ("thief", named_like_ours))
    assert shelf.catalog.get("sd").family == "sd1" and shelf.catalog.get("sd").extension is None
    assert shelf.catalog.models()[0].problem is not None, "one.safetensors"


def test_a_folder_is_told_by_its_pipeline(shelf: Shelf):
    folder = shelf.folder / "dream"
    folder.mkdir()
    (folder / "model_index.json").write_text('{"_class_name": "DreamPipeline"}', encoding="utf-8")
    shelf.brought = (("maker", Architecture(name="dream", pipeline="DreamPipeline")),)
    assert shelf.catalog.get("dream").family == "dream"


def test_other_kinds_of_files_fit_a_family_too(shelf: Shelf):
    loras = shelf.folder.parent / "loras"
    loras.mkdir()
    write_weights(loras / "fine.safetensors", {"made_lora.a": (2, 2)})
    shelf.brought = (("maker", Architecture(name="made", kind="lora", marks=("made_lora.",))),)
    (entry,) = shelf.catalog.entries("lora").entries
    assert (entry.name, entry.family, entry.problem) == ("fine", "made", None)


def test_a_card_beside_the_file_counts_more(shelf: Shelf):
    shelf.write("one.safetensors", NAMES)
    (shelf.folder / "one.easel.json").write_text('{"steps": 7}', encoding="utf-8")
    card = shelf.catalog.get("one").card
    assert (card.steps, card.width) == (7, 96)
