"""Stable Diffusion XL and its refiner against diffusers' own pipelines."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)

from tests.models.families.drawing import (
    DDIM,
    NEGATIVE,
    PROMPT,
    TRAILING,
    drawn_by_diffusers,
    euler,
    load,
    noise,
    relative,
    same,
)
from tests.tiny import Tiny, weights_of_configs, write_tiny
from webui.models.checkpoint import CONFIGS
from webui.models.families.sdxl import BAD, GOOD, SDXL, SDXLModel, SDXLRefiner

# diffusers' scheduler hands a tensor to numpy in a way that numpy 2 will give up
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def tiny_xl(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("xl"), seed=3, family="sdxl")


@pytest.fixture(scope="module")
def model(tiny_xl) -> SDXLModel:
    return load(SDXL(), tiny_xl.folder_info)


@pytest.fixture(scope="module")
def tiny_refiner(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("refiner"), seed=4, family="sdxl-refiner")


@torch.inference_mode()
def test_equals_the_pipeline_of_diffusers(model, tiny_xl):
    wanted = drawn_by_diffusers(StableDiffusionXLPipeline, tiny_xl.folder)
    assert relative(euler(model), wanted) < 1e-5
    assert relative(euler(model, negative="red"), wanted) > 1e-4


@torch.inference_mode()
def test_clip_skip_reads_an_earlier_layer_of_both_encoders(model, tiny_xl):
    pipe = StableDiffusionXLPipeline.from_pretrained(tiny_xl.folder, local_files_only=True)
    for skip, theirs in ((1, None), (2, None), (3, 1)):
        wanted, _, pooled, _ = pipe.encode_prompt(PROMPT, clip_skip=theirs)
        (made,) = model.encode_texts([PROMPT], skip)
        assert torch.allclose(made.tokens, wanted[0], atol=1e-5)
        assert torch.allclose(made.pooled, pooled[0], atol=1e-5)


@torch.inference_mode()
def test_an_empty_negative_prompt_is_zeros(model, tiny_xl):
    wanted = drawn_by_diffusers(StableDiffusionXLPipeline, tiny_xl.folder, negative_prompt=None)
    assert relative(euler(model, negative=""), wanted) < 1e-5
    (empty,) = model.encode_texts([""], negative=True)
    assert not empty.tokens.any() and not empty.pooled.any()
    assert model.encode_texts([""])[0].tokens.any()
    both = model.encode_texts(["", "a"], negative=True)
    assert both[0].tokens.any(), "only where all texts of its schedule are empty, as in A1111"


@torch.inference_mode()
def test_sizes_are_told(model, tiny_xl):
    wide = torch.randn(1, 4, 8, 12, generator=torch.Generator().manual_seed(5))
    wanted = drawn_by_diffusers(
        StableDiffusionXLPipeline, tiny_xl.folder, latents=wide, height=64, width=96
    )
    assert relative(euler(model, wide), wanted) < 1e-5


@torch.inference_mode()
def test_other_sizes_can_be_told(model):
    words = model.encode_texts(["a"])
    plain = model.predict_x0(noise(), 1.0, words)
    same = [replace(words[0], time_ids=(64, 64, 0, 0, 64, 64))]
    assert torch.equal(model.predict_x0(noise(), 1.0, same), plain)
    other = [replace(words[0], time_ids=(512, 64, 8, 0, 64, 64))]
    assert not torch.allclose(model.predict_x0(noise(), 1.0, other), plain, atol=1e-4)


@torch.inference_mode()
def test_single_files_are_the_same_models(model, tiny_xl, tiny_refiner):
    same(model, load(SDXL(tiny_xl.folder), tiny_xl.file_info))
    refiner = load(SDXLRefiner(), tiny_refiner.folder_info)
    file = load(SDXLRefiner(tiny_refiner.folder), tiny_refiner.file_info)
    same(refiner, file)


@torch.inference_mode()
def test_the_refiner_equals_the_pipeline_of_diffusers(tiny_refiner):
    """Called as its pipeline calls it: scores in place of the size aimed at."""
    model = load(SDXLRefiner(), tiny_refiner.folder_info)
    pipe = StableDiffusionXLImg2ImgPipeline.from_pretrained(
        tiny_refiner.folder, local_files_only=True
    )
    tokens, negative, pooled, negative_pooled = pipe.encode_prompt(
        PROMPT, negative_prompt=NEGATIVE, do_classifier_free_guidance=True
    )
    size = (64, 64)
    ids, negative_ids = pipe._get_add_time_ids(
        size, (0, 0), size, GOOD, BAD, size, (0, 0), size, torch.float32, 24
    )
    words = model.encode_texts([PROMPT]) + model.encode_texts([NEGATIVE], negative=True)
    x, sigma = noise(2), float(model.sigmas[500])
    wanted = pipe.unet(
        x / (sigma**2 + 1) ** 0.5,
        500,
        torch.cat([tokens, negative]),
        added_cond_kwargs={
            "text_embeds": torch.cat([pooled, negative_pooled]),
            "time_ids": torch.cat([ids, negative_ids]),
        },
    ).sample
    assert relative(model.predict_x0(x, sigma, words), x - sigma * wanted) < 1e-5


@torch.inference_mode()
def test_long_prompts_take_the_pooled_vector_of_the_first_chunk(model):
    long, short = model.encode_texts(["a cat BREAK a dog", "a cat"])
    assert long.tokens.shape == short.tokens.shape == (154, 64)
    assert torch.allclose(long.pooled, short.pooled, atol=1e-6)
    assert long.pooled.shape == (24,)


@torch.inference_mode()
def test_emphasis_acts_on_both_encoders_apart(model):
    plain, weighted = model.encode_texts(["a (cat:1.0)"]), model.encode_texts(["a (cat:1.5)"])
    for half, encoder in zip(weighted[0].tokens.chunk(2, -1), model.encoders, strict=True):
        assert torch.equal(half, encoder.encode(["a (cat:1.5)"])[0].tokens)
        assert not torch.equal(half, encoder.encode(["a cat"])[0].tokens)
    assert torch.equal(plain[0].pooled, weighted[0].pooled)


@torch.inference_mode()
def test_v_prediction_with_zero_terminal_snr(tmp_path):
    """The last level of diffusers has no signal at all, A1111's and ours almost none."""
    tiny = write_tiny(tmp_path, "v_prediction", family="sdxl", seed=5, rescale_betas_zero_snr=True)
    model = load(SDXL(), tiny.folder_info)
    top = float(model.sigmas[-1])
    made = euler(model, timesteps=TRAILING, start=(top**2 + 1) ** 0.5)
    wanted = drawn_by_diffusers(
        StableDiffusionXLPipeline, tiny.folder, DDIMScheduler, DDIM, eta=0.0
    )
    assert top > 4000 and relative(made, wanted) < 1e-3
    card = tiny.file_info.card.model_copy(
        update={"prediction": "v_prediction", "zero_terminal_snr": True}
    )
    plain = tiny.file_info.model_copy(update={"card": card})
    same(model, load(SDXL(tiny.folder), plain))


def test_configs_for_single_files():
    shared = {"vae": 83_653_863, "text_encoder_2": 694_659_840}
    sizes = weights_of_configs(SDXL(), CONFIGS / "sdxl")
    assert sizes == {**shared, "unet": 2_567_463_684, "text_encoder": 123_060_480}
    refiner = weights_of_configs(SDXLRefiner(), CONFIGS / "sdxl-refiner")
    assert 2.2e9 < refiner.pop("unet") < 2.4e9
    assert refiner == shared
