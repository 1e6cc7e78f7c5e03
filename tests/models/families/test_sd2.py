"""Stable Diffusion 2 against diffusers' own pipeline."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline

from tests.models.families.drawing import (
    DDIM,
    TRAILING,
    drawn_by_diffusers,
    euler,
    load,
    relative,
    same,
)
from tests.tiny import Tiny, weights_of_configs, write_tiny
from webui.core.errors import UserError
from webui.models.checkpoint import CONFIGS
from webui.models.families.sd2 import SD2

# diffusers' scheduler hands a tensor to numpy in a way that numpy 2 will give up
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module", params=["epsilon", "v_prediction"])
def tiny2(request, tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("tiny2"), request.param, seed=2, family="sd2")


@torch.inference_mode()
def test_equals_the_pipeline_of_diffusers(tiny2):
    model = load(SD2(), tiny2.folder_info)
    wanted = drawn_by_diffusers(StableDiffusionPipeline, tiny2.folder)
    assert relative(euler(model), wanted) < 1e-5


@torch.inference_mode()
def test_equals_ddim_of_diffusers(tiny2):
    model = load(SD2(), tiny2.folder_info)
    wanted = drawn_by_diffusers(StableDiffusionPipeline, tiny2.folder, DDIMScheduler, DDIM, eta=0.0)
    start = (float(model.sigmas[-1]) ** 2 + 1) ** 0.5
    assert relative(euler(model, timesteps=TRAILING, start=start), wanted) < 1e-4


@torch.inference_mode()
def test_it_was_trained_on_the_last_layer_but_one(tiny2):
    model = load(SD2(), tiny2.folder_info)
    first, second, third = (model.encode_texts(["a cat"], skip)[0].tokens for skip in (1, 2, 3))
    assert torch.equal(first, second)
    assert not torch.allclose(second, third, atol=1e-2)


@torch.inference_mode()
def test_a_single_file_is_the_same_model(tiny2):
    prediction = "v_prediction" if model_is_v(tiny2) else "epsilon"
    card = tiny2.file_info.card.model_copy(update={"prediction": prediction})
    file = load(SD2(tiny2.folder), tiny2.file_info.model_copy(update={"card": card}))
    same(load(SD2(), tiny2.folder_info), file)


def model_is_v(tiny: Tiny) -> bool:
    return "v_prediction" in (tiny.folder / "scheduler" / "scheduler_config.json").read_text()


def test_chunks_are_filled_up_with_token_0(tiny2):
    encoder = load(SD2(), tiny2.folder_info).encoders[0]
    ids = encoder.tokenizer("a cat", padding="max_length", max_length=77, return_tensors="pt")
    wanted = encoder.model(ids["input_ids"]).last_hidden_state[0]
    assert int(ids["input_ids"][0, -1]) == 0
    assert torch.allclose(encoder.encode(["a cat"])[0].tokens, wanted, atol=1e-6)


def test_configs_for_single_files():
    sizes = weights_of_configs(SD2(), CONFIGS / "sd2")
    assert sizes == {"unet": 865_910_724, "vae": 83_653_863, "text_encoder": 340_387_840}


def test_a_clip_skip_past_the_first_layer(tiny2):
    model = load(SD2(), tiny2.folder_info)
    assert len(model.encode_texts(["a"], 4)) == 1
    with pytest.raises(UserError, match="has 4 layers"):
        model.encode_texts(["a"], 5)


def test_a_file_of_another_family(tiny2, tiny):
    info = tiny.file_info.model_copy(update={"family": "sd2"})
    with pytest.raises(UserError, match=r"tiny-file\.safetensors has no OpenCLIP-H"):
        load(SD2(tiny2.folder), info)
