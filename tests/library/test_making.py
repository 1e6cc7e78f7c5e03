import pytest

from tests.checkpoints import KEYS, SD1_KEYS, write_folder, write_weights
from webui.core.errors import UserError
from webui.core.merge import Convert, Merge
from webui.library.catalog import Catalog
from webui.library.making import found_model, found_models, result_name

MERGE = Merge(model_a="one", model_b="two")


@pytest.fixture
def shelf(tmp_path) -> Catalog:
    for name in ("one", "two", "three"):
        write_weights(tmp_path / "checkpoints" / f"{name}.safetensors", SD1_KEYS)
    write_weights(tmp_path / "checkpoints" / "xl.safetensors", KEYS["sdxl"])
    write_folder(tmp_path / "checkpoints" / "folder")
    write_weights(tmp_path / "vae" / "soft.safetensors", {"decoder.conv_in.weight": (2, 2)})
    return Catalog([tmp_path], tmp_path / "none", tmp_path / "index.sqlite")


def code(shelf, request):
    with pytest.raises(UserError) as caught:
        found_models(shelf, request)
    return caught.value.problem.code, caught.value.problem.field


def test_models_are_found_by_any_of_their_names(shelf):
    found = found_models(shelf, MERGE.with_(model_b="TWO.safetensors", bake_vae="soft"))
    assert {field: entry.name for field, entry in found.items()} == {
        "model_a": "one",
        "model_b": "two",
        "bake_vae": "soft",
    }
    assert found_models(shelf, Convert(model="folder"))["model"].format == "diffusers"


def test_what_does_not_go_together_is_explained(shelf):
    assert code(shelf, MERGE.with_(model_b="none")) == ("merge_unknown", "model_b")
    assert code(shelf, MERGE.with_(bake_vae="none")) == ("unknown_vae", "bake_vae")
    assert code(shelf, MERGE.with_(method="add_difference")) == ("merge_third", "model_c")
    assert code(shelf, MERGE.with_(vae="c")) == ("merge_third", "model_c")
    assert code(shelf, MERGE.with_(model_b="xl")) == ("merge_families", "model_b")
    assert code(shelf, MERGE.with_(model_c="xl")) == ("merge_families", "model_c")
    assert code(shelf, MERGE.with_(model_b="folder")) == ("merge_layouts", "model_b")
    assert code(shelf, MERGE.with_(blocks="0,1")) == ("merge_blocks_count", "blocks")
    both = Convert(model="one", extract="vae", bake_vae="soft")
    assert code(shelf, both) == ("merge_extract_bake", "bake_vae")


def test_files_that_are_no_good_are_told_before_anything_is_opened(shelf, tmp_path):
    cut = tmp_path / "checkpoints" / "cut.safetensors"
    cut.write_bytes((tmp_path / "checkpoints" / "one.safetensors").read_bytes()[:-1])
    assert code(shelf, MERGE.with_(model_b="cut")) == ("model_cut_off", "model_b")
    (tmp_path / "checkpoints" / "cut.safetensors").unlink()
    assert code(shelf, MERGE.with_(model_b="cut")) == ("merge_unknown", "model_b")


def test_a_model_that_is_no_checkpoint_is_not_found(shelf):
    with pytest.raises(UserError, match="soft"):
        found_model(shelf, "model_a", "soft")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "0.5(one) + 0.5(two)"),
        ({"multiplier": 0.3}, "0.7(one) + 0.3(two)"),
        ({"method": "slerp"}, "slerp 0.5(one) + 0.5(two)"),
        ({"method": "add_difference", "multiplier": 1}, "one + 1(two - three)"),
        ({"method": "triple_sum"}, "one + 0.5(two - one) + 0.5(three - one)"),
        ({"file_name": "mine"}, "mine"),
    ],
)
def test_results_are_called_after_what_they_are_made_of(changes, name):
    assert result_name(MERGE.with_(**changes), ["one", "two", "three"]) == name
    assert len(result_name(MERGE.with_(**changes), ["o" * 200, "t" * 200, "x" * 200])) < 230


def test_a_converted_one_is_called_after_what_was_done():
    request = Convert(model="one")
    assert result_name(request, ["one"]) == "one"
    assert result_name(request.with_(precision="fp16", prune=True), ["one"]) == "one-fp16"
    assert result_name(request.with_(prune=True), ["one"]) == "one-pruned"
    assert result_name(request.with_(extract="vae"), ["one"]) == "one-vae"
