"""Any other pipeline draws what it draws in diffusers, and stops when it is told to."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, PixArtAlphaPipeline, PixArtTransformer2DModel

from tests.models.families.drawing import load
from tests.tiny_flows import (
    autoencoder,
    info_of,
    long_encoder,
    save_parts,
    write_index,
    write_sd3,
    write_t5_tokenizer,
)
from tests.tiny_others import OTHERS, write_hidream
from webui.core.errors import UserError
from webui.library.recognition import recognise_folder
from webui.models.families.generic import Generic
from webui.models.whole import Asked, WholePipeline

ASKED = Asked("a red apple", "blue", 64, 48, 3, 4.0, 7)


def write_pixart(folder: Path) -> Path:
    save_parts(
        folder,
        {
            "transformer": lambda: PixArtTransformer2DModel(
                sample_size=32,
                num_layers=1,
                patch_size=2,
                attention_head_dim=8,
                num_attention_heads=3,
                caption_channels=80,
                cross_attention_dim=24,
                in_channels=16,
                out_channels=32,
            ),
            "vae": autoencoder,
            "text_encoder": long_encoder,
        },
    )
    DPMSolverMultistepScheduler().save_pretrained(folder / "scheduler")
    write_t5_tokenizer(folder / "tokenizer")
    write_index(
        folder,
        "PixArtAlphaPipeline",
        {
            "transformer": "PixArtTransformer2DModel",
            "vae": "AutoencoderKL",
            "scheduler": "DPMSolverMultistepScheduler",
            "text_encoder": "T5EncoderModel",
            "tokenizer": "T5TokenizerFast",
        },
    )
    return folder


@pytest.fixture(scope="module")
def pixart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pixart(tmp_path_factory.mktemp("pixart") / "tiny")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_draws_what_diffusers_draws(pixart):
    model = load(Generic(), info_of(pixart, "diffusers"))
    assert isinstance(model, WholePipeline)
    steps: list[tuple[int, int]] = []
    made = model.draw(ASKED, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)] and made.size == (64, 48)
    pipe = PixArtAlphaPipeline.from_pretrained(pixart, local_files_only=True)
    wanted = pipe(
        "a red apple",
        negative_prompt="blue",
        width=64,
        height=48,
        num_inference_steps=3,
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(7),
    ).images[0]
    assert np.array_equal(np.asarray(made), np.asarray(wanted))


def test_it_stops_when_a_step_says_so(tmp_path):
    model = load(Generic(), info_of(write_sd3(tmp_path / "tiny"), "diffusers"))
    done: list[int] = []

    def stop(step: int, total: int) -> None:
        done.append(step)
        if step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.draw(ASKED, stop)
    assert done == [1, 2]
    assert model.draw(ASKED, lambda step, total: None).size == (64, 48)


@pytest.mark.parametrize(
    "change",
    [
        {"_class_name": "NoSuchPipeline"},
        {"_class_name": "AutoencoderKL"},
        {"_class_name": "StableDiffusionImg2ImgPipeline"},
        {"transformer": ["my_code", "Transformer"]},
        {"transformer": ["os", "system"]},
    ],
)
def test_what_it_must_not_or_cannot_run_is_refused(pixart, tmp_path, change):
    folder = shutil.copytree(pixart, tmp_path / "copy")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, **change}))
    (folder / "transformer" / "my_code.py").write_text("raise SystemExit")
    with pytest.raises(UserError) as raised:
        load(Generic(), info_of(folder, "diffusers"))
    assert raised.value.problem.code == "model_unsupported"


def test_weights_that_are_no_safetensors_are_not_read(pixart, tmp_path):
    folder = shutil.copytree(pixart, tmp_path / "copy")
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(UserError) as raised:
        load(Generic(), info_of(folder, "diffusers"))
    assert raised.value.problem.code == "pipeline_refuses"


def test_what_the_pipeline_does_not_do_is_said(tmp_path):
    model = load(Generic(), info_of(write_sd3(tmp_path / "tiny"), "diffusers"))
    with pytest.raises(UserError) as raised:
        model.draw(Asked("a", "", 63, 63, 2, 1.0, 1), lambda step, total: None)
    assert "divisible" in str(raised.value.problem.values["reason"])


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("scale", [4.0, 1.0])
def test_kinds_that_people_have(tmp_path, kind, scale):
    folder = OTHERS[kind](tmp_path / "tiny")
    assert recognise_folder(folder).family == "diffusers"
    model = load(Generic(), info_of(folder, "diffusers"))
    steps: list[int] = []
    asked = Asked("a red apple", "blue", 64, 64, 2, scale, 7)
    made = model.draw(asked, lambda done, total: steps.append(done))
    assert steps == [1, 2] and made.size == (64, 64)
    pipe = getattr(diffusers, kind).from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    wanted = pipe(
        "a red apple",
        negative_prompt="blue",
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=scale,
        generator=torch.Generator().manual_seed(7),
    ).images[0]
    assert np.array_equal(np.asarray(made), np.asarray(wanted))
    other = model.draw(replace(asked, prompt="blue blue", seed=8), lambda done, total: None)
    assert not np.array_equal(np.asarray(made), np.asarray(other))


def test_a_part_that_is_to_be_brought_along_is_named(tmp_path):
    folder = write_hidream(tmp_path / "tiny")
    assert recognise_folder(folder).family == "diffusers"
    with pytest.raises(UserError) as raised:
        load(Generic(), info_of(folder, "diffusers"))
    assert raised.value.problem.code == "model_part_missing"
    assert raised.value.problem.values["part"] == "text_encoder_4"
