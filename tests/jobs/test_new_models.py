"""Requests that write models: names made those of the catalog, or one sentence for each mistake."""

from pathlib import Path

import pytest

from tests.checkpoints import SD1_KEYS, write_weights
from tests.jobs.test_checks import refused, taken
from webui.core.merge import Convert, Merge
from webui.library.catalog import Catalog

MERGE = {"kind": "merge", "model_a": "One", "model_b": "two.safetensors"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for name in ("one", "two"):
        write_weights(tmp_path / "checkpoints" / f"{name}.safetensors", SD1_KEYS)
    return Catalog([tmp_path], tmp_path / "none", tmp_path / "index.sqlite")


def test_names_become_those_of_the_catalog(catalog: Catalog) -> None:
    merge = taken({**MERGE, "multiplier": "0.25"}, catalog=catalog)
    assert isinstance(merge, Merge)
    assert (merge.model_a, merge.model_b, merge.multiplier) == ("one", "two", 0.25)
    convert = taken({"kind": "convert", "model": "ONE", "precision": "fp16"}, catalog=catalog)
    assert isinstance(convert, Convert) and convert.model == "one"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"model_b": "nowhere"}, "model_b"),
        ({"model_b": 3}, "model_b"),
        ({"model_b": None}, "model_b"),
        ({"bake_vae": "nowhere"}, "bake_vae"),
        ({"method": "add_difference"}, "model_c"),
        ({"blocks": "0,1,2"}, "blocks"),
        ({"multiplier": 9}, "multiplier"),
        ({"folder": ".."}, "folder"),
        ({"prompt": "a cat"}, "prompt"),
    ],
)
def test_each_mistake_is_one_sentence(
    catalog: Catalog, wrong: dict[str, object], field: str
) -> None:
    found = refused({**MERGE, **wrong}, catalog=catalog)
    assert found.keys() == {field}


def test_several_mistakes_are_all_told(catalog: Catalog) -> None:
    found = refused({**MERGE, "model_a": "x", "model_b": "y"}, catalog=catalog)
    assert found.keys() == {"model_a", "model_b"}
    assert "“x”" in found["model_a"]
