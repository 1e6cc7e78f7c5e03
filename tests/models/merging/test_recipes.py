import json

from webui.core.merge import Merge
from webui.models.merging.recipes import Origin, copy_metadata, merge_metadata

REQUEST = Merge(model_a="x", model_b="y", multiplier=0.3, precision="fp16", file_name="mine")


def test_a_recipe_says_what_a1111_says():
    found = merge_metadata(REQUEST, "mine", [Origin("x", "aa"), Origin("y", "bb")], False)
    recipe = json.loads(found["sd_merge_recipe"])
    assert recipe == {
        "type": "webui",
        "primary_model_hash": "aa",
        "secondary_model_hash": "bb",
        "tertiary_model_hash": None,
        "interp_method": "Weighted sum",
        "multiplier": 0.3,
        "save_as_half": True,
        "custom_name": "mine",
        "bake_in_vae": "None",
        "discard_weights": "",
        "is_inpainting": False,
    }
    assert json.loads(found["sd_merge_models"]) == {
        "aa": {"name": "x", "sd_merge_recipe": None},
        "bb": {"name": "y", "sd_merge_recipe": None},
    }
    assert (found["format"], found["modelspec.title"]) == ("pt", "mine")
    assert found["modelspec.merged_from"] == "x, y"


def test_what_went_into_a_merge_stays_known():
    first = merge_metadata(REQUEST, "mine", [Origin("x", "aa"), Origin("y", "bb")], False)
    three = REQUEST.with_(method="triple_sum", model_c="z", blocks="GRAD_V", vae="c", prune=True)
    origins = [Origin("mine", "cc", first), Origin("y", "bb"), Origin("z", None)]
    second = merge_metadata(three, "other", origins, True)
    models = json.loads(second["sd_merge_models"])
    assert models.keys() == {"aa", "bb", "cc"}
    assert models["cc"]["sd_merge_recipe"]["primary_model_hash"] == "aa"
    recipe = json.loads(second["sd_merge_recipe"])
    assert (recipe["multiplier_2"], recipe["blocks"], recipe["vae"]) == (0.5, "GRAD_V", "c")
    assert recipe["is_inpainting"] and "text_encoder" not in recipe


def test_only_what_still_holds_is_taken_over():
    told = {
        "modelspec.architecture": "stable-diffusion-v1",
        "modelspec.prediction_type": "v",
        "modelspec.hash_sha256": "0x1",
        "modelspec.thumbnail": "data:",
        "modelspec.title": "Old",
        "sd_merge_recipe": '{"a": 1}',
        "sd_merge_models": "[broken",
    }
    copied = copy_metadata(Origin("x", None, told), "new")
    assert copied.keys() == {
        "format", "sd_merge_recipe", "sd_merge_models", "modelspec.architecture",
        "modelspec.prediction_type", "modelspec.title", "modelspec.date",
    }  # fmt: skip
    assert copied["modelspec.title"] == "new"
    merged = merge_metadata(REQUEST, "n", [Origin("x", "aa", told), Origin("y", "bb")], False)
    assert json.loads(merged["sd_merge_models"])["aa"]["sd_merge_recipe"] == {"a": 1}
    assert all(isinstance(value, str) for value in merged.values())
