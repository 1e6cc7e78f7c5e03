import json

import pytest

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.shown import LARGEST, MOST, shown_most, shown_pixels


def info(path: str, family: str, variant: str | None = None, format: str = "safetensors"):
    return ModelInfo(id="x", path=path, format=format, family=family, variant=variant)


@pytest.mark.parametrize(
    ("path", "family", "variant", "most"),
    [
        ("flux2-dev.safetensors", "flux2", None, MOST),
        ("qwen_image_edit_2509_fp8.safetensors", "qwen-image", "edit", MOST),
        ("Qwen-Image-Edit-2511.gguf", "qwen-image", "edit", MOST),
        ("qwen_image_edit.safetensors", "qwen-image", "edit", 1),
        ("qwen_image_2512.safetensors", "qwen-image", None, 0),
        ("kontext-2509.safetensors", "flux", "edit", 1),
        ("instruct-pix2pix.safetensors", "sd1", "edit", 1),
        ("sd15.safetensors", "sd1", None, 0),
    ],
)
def test_how_many_pictures_a_model_is_shown(path, family, variant, most):
    assert shown_most(info(path, family, variant)) == most


@pytest.mark.parametrize(
    ("model", "references", "given", "pictures"),
    [
        (info("x", "flux2"), 3, False, 3),
        (info("x", "flux2"), 3, True, 4),
        (info("x", "flux2"), 30, True, MOST),
        (info("kontext", "flux", "edit"), 0, True, 1),
        (info("dev", "flux"), 0, True, 0),
        (info("pix2pix", "sd1", "edit"), 0, True, 0),
    ],
)
def test_only_what_is_read_beside_makes_a_call_larger(model, references, given, pictures):
    assert shown_pixels(model, references, given) == pictures * LARGEST


def test_folders_tell_by_the_class_of_their_pipeline(tmp_path):
    told = info(str(tmp_path), "qwen-image", "edit", "diffusers")
    with pytest.raises(UserError, match="model_index.json"):
        shown_most(told)
    for name, most in (("QwenImageEditPlusPipeline", MOST), ("QwenImageEditPipeline", 1)):
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": name}))
        assert shown_most(told) == most
