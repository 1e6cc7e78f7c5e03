import json

import pytest

from webui.library.making import LAYOUT_FAMILIES
from webui.library.recognition import LDM_PARTS
from webui.models.checkpoint import CONFIGS, read_tokenizer
from webui.models.merging.folders import write_descriptions


@pytest.mark.parametrize("family", LAYOUT_FAMILIES)
def test_what_a_folder_needs_beside_its_weights(tmp_path, family):
    trained = {"prediction_type": "v_prediction"}
    write_descriptions(tmp_path, family, None, 9, trained, CONFIGS)
    index = json.loads((tmp_path / "model_index.json").read_text())
    for part in LDM_PARTS[family]:
        assert index[part][1] and (tmp_path / part / "config.json").is_file()
        if part.startswith("text"):
            read_tokenizer(tmp_path / part.replace("text_encoder", "tokenizer"), "x")
    assert json.loads((tmp_path / "unet" / "config.json").read_text())["in_channels"] == 9
    schedule = json.loads((tmp_path / "scheduler" / "scheduler_config.json").read_text())
    assert schedule["prediction_type"] == "v_prediction"
    assert index["scheduler"] == ["diffusers", schedule["_class_name"]]


@pytest.mark.parametrize(
    ("family", "variant", "name"),
    [
        ("sd1", "inpaint", "StableDiffusionInpaintPipeline"),
        ("sdxl", "lightning", "StableDiffusionXLPipeline"),
        ("sdxl-refiner", None, "StableDiffusionXLImg2ImgPipeline"),
    ],
)
def test_the_pipelines_name(tmp_path, family, variant, name):
    write_descriptions(tmp_path, family, variant, 4, {}, CONFIGS)
    assert json.loads((tmp_path / "model_index.json").read_text())["_class_name"] == name
