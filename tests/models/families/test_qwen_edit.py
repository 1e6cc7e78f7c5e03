"""Qwen-Image's models that edit give what diffusers' pipelines of them give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from PIL import Image
from safetensors.torch import load_file
from transformers import (
    AutoTokenizer,
    Qwen2VLImageProcessorPil,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

from tests.llama_cpp import sight_apart, write_llama
from tests.models.families.drawing import load, relative
from tests.models.families.flowing import NEGATIVE, PROMPT, SCALE, STEPS, flow_noise, straight
from tests.tiny_flows import info_of
from tests.tiny_languages import LAYERS
from tests.tiny_newer import write_parts_of_qwen_image, write_qwen_image
from webui.core.errors import UserError
from webui.engine.latents import to_pixels
from webui.library.recognition import recognise_file, recognise_folder
from webui.models.families import qwen_image
from webui.models.families.flux import packed, unpacked
from webui.models.families.qwen_image import EDIT_PLUS, FIRST_EDIT, QwenImage, _kinds_of
from webui.models.family import Referring, Sighted

AREA = 64 * 64
PICTURE = Image.effect_noise((128, 128), 90).convert("RGB")


def folder_of(tmp_path: Path, kind: Any, **transformer: Any) -> Path:
    return write_qwen_image(tmp_path / "tiny", kind.__name__, **transformer)


def loaded(folder: Path) -> Any:
    model = load(QwenImage(), info_of(folder, "qwen-image", "edit"))
    assert isinstance(model, Sighted) and model.image_conditioning == "reference"
    model._text._area = AREA
    return model


def pipeline(kind: Any, folder: Path) -> Any:
    """With the places of tokens that the model was trained with, which this pipeline forgets."""
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    patches = Qwen2VLImageProcessorPil(
        min_pixels=56 * 56, max_pixels=14 * 14 * 4 * 16384, patch_size=14, merge_size=2
    )
    processor = Qwen2VLProcessor(patches, tokenizer, Qwen2VLVideoProcessor())
    pipe = kind.from_pretrained(folder, local_files_only=True, processor=processor)
    pipe.set_progress_bar_config(disable=True)
    inner = pipe.text_encoder.forward
    place = tokenizer.convert_tokens_to_ids("<|image_pad|>")

    def forward(input_ids: Any, **more: Any) -> Any:
        return inner(input_ids=input_ids, mm_token_type_ids=(input_ids == place).int(), **more)

    pipe.text_encoder.forward = forward
    return pipe


@pytest.mark.parametrize("config", [{}, {"zero_cond_t": True}])
def test_the_later_ones_draw_what_diffusers_draws(tmp_path, monkeypatch, config):
    folder = folder_of(tmp_path, QwenImageEditPlusPipeline, **config)
    kind = recognise_folder(folder)
    assert (kind.family, kind.variant, kind.card.steps) == ("qwen-image", "edit", 40)
    for name in ("VAE_IMAGE_SIZE", "CONDITION_IMAGE_SIZE"):
        monkeypatch.setattr(pipeline_qwenimage_edit_plus, name, AREA)
    wanted = pipeline(QwenImageEditPlusPipeline, folder)(
        image=[PICTURE],
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=STEPS,
        true_cfg_scale=SCALE,
        guidance_scale=None,
        latents=packed(flow_noise()),
        height=64,
        width=64,
        output_type="latent",
    ).images
    wanted = unpacked(wanted, 8, 8)
    model = loaded(folder)
    shown = model.encode(to_pixels([PICTURE.resize((64, 64), Image.Resampling.LANCZOS)]))
    model.look([PICTURE])
    assert relative(straight(model, concat=shown), wanted) < 1e-5
    assert relative(straight(model), wanted) > 1e-4
    model.look([])
    assert relative(straight(model, concat=shown), wanted) > 1e-4


def test_several_pictures_are_seen_as_diffusers_shows_them(tmp_path, monkeypatch):
    folder = folder_of(tmp_path, QwenImageEditPlusPipeline)
    for module in (pipeline_qwenimage_edit_plus, qwen_image):
        name = "VAE_IMAGE_SIZE" if module is pipeline_qwenimage_edit_plus else "LARGEST"
        monkeypatch.setattr(module, name, AREA)
    monkeypatch.setattr(pipeline_qwenimage_edit_plus, "CONDITION_IMAGE_SIZE", AREA)
    pictures = [PICTURE, Image.effect_noise((192, 96), 60).convert("RGB")]
    wanted = pipeline(QwenImageEditPlusPipeline, folder)(
        image=pictures,
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        num_inference_steps=STEPS,
        true_cfg_scale=SCALE,
        guidance_scale=None,
        latents=packed(flow_noise()),
        height=64,
        width=64,
        output_type="latent",
    ).images
    wanted = unpacked(wanted, 8, 8)
    model = loaded(folder)
    assert isinstance(model, Referring) and model.called == "Picture"
    shown = tuple(model.encode(to_pixels([model.fitted(one)])) for one in pictures)
    assert len({one.shape for one in shown}) == 2
    model.look(pictures)
    assert relative(straight(model, concat=shown), wanted) < 1e-5
    assert relative(straight(model, concat=shown[::-1]), wanted) > 1e-4
    assert relative(straight(model, concat=shown[:1]), wanted) > 1e-4


def test_the_first_one_reads_what_diffusers_reads(tmp_path):
    folder = folder_of(tmp_path, QwenImageEditPipeline)
    assert recognise_folder(folder).variant == "edit"
    model, pipe = loaded(folder), pipeline(QwenImageEditPipeline, folder)
    small = PICTURE.resize((64, 64), Image.Resampling.LANCZOS)
    with torch.no_grad():
        wanted, _ = pipe._get_qwen_prompt_embeds("a red apple", small)
        model.look([PICTURE])
        made = model.encode_texts(["a red apple"])[0].tokens
    assert made.shape == wanted[0].shape
    assert relative(made, wanted[0]) < 1e-5


def test_which_one_a_file_is_its_name_tells(tmp_path):
    def of(name: str) -> Any:
        return _kinds_of(info_of(tmp_path / f"{name}.safetensors", "qwen-image", "edit"))

    for name in ("qwen_image_edit_2509_bf16", "Qwen-Image-Edit-2511", "qwen-edit-plus", "rapid"):
        assert of(name) is EDIT_PLUS
    for name in ("qwen_image_edit_fp8_e4m3fn", "qwen-image-edit-v2599"):
        assert of(name) is FIRST_EDIT


def test_a_single_file_draws_what_its_folder_draws(tmp_path):
    folder = folder_of(tmp_path, QwenImageEditPlusPipeline)
    file = write_parts_of_qwen_image(folder, tmp_path / "models")
    file = file.rename(file.with_name("qwen_image_edit_2509.safetensors"))
    assert recognise_file(file).variant == "edit"
    one, other = loaded(folder), load(QwenImage(folder), info_of(file, "qwen-image", "edit"))
    other._text._area = AREA
    for model in (one, other):
        model.look([PICTURE])
    shown = one.encode(to_pixels([PICTURE]))
    assert torch.equal(straight(one, concat=shown), straight(other, concat=shown))


def test_its_reader_may_be_a_gguf_with_what_sees_in_another(tmp_path):
    folder = folder_of(tmp_path, QwenImageEditPlusPipeline)
    file = write_parts_of_qwen_image(folder, tmp_path / "models")
    file = file.rename(file.with_name("qwen_image_edit_2509.safetensors"))
    shelf = tmp_path / "models" / "text_encoders"
    whole = load_file(shelf / "qwen_2.5_vl_7b.safetensors")
    (shelf / "qwen_2.5_vl_7b.safetensors").unlink()
    sees = {name: value for name, value in whole.items() if name.startswith("visual.")}
    reads = {name: value for name, value in whole.items() if name not in sees}
    write_llama(shelf / "Qwen2.5-VL-7B-Q8_0.gguf", gguf.MODEL_ARCH.QWEN2VL, reads, LAYERS)
    with pytest.raises(UserError) as raised:
        load(QwenImage(folder), info_of(file, "qwen-image", "edit"))
    problem = raised.value.problem
    assert problem.code == "model_companion_missing" and "mmproj" in str(problem.values["what"])
    write_llama(shelf / "mmproj-F16.gguf", gguf.MODEL_ARCH.MMPROJ, sight_apart(sees), 3)
    one, other = loaded(folder), load(QwenImage(folder), info_of(file, "qwen-image", "edit"))
    other._text._area = AREA
    for model in (one, other):
        model.look([PICTURE])
    shown = one.encode(to_pixels([PICTURE]))
    assert relative(straight(other, concat=shown), straight(one, concat=shown)) < 1e-5
