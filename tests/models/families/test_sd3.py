"""Stable Diffusion 3 gives what diffusers' pipeline of it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusion3Pipeline

from tests.models.families.drawing import load, relative
from tests.models.families.flowing import drawn_by_diffusers, straight
from tests.tiny_flows import T5_WIDTH, info_of, write_sd3
from webui.core.errors import UserError
from webui.models.families.sd3 import LENGTH, SD3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd3(tmp_path_factory.mktemp("sd3") / "tiny")


@pytest.mark.parametrize("prompt", ["a red apple on a table", ""])
def test_a_folder_draws_what_diffusers_draws(folder, prompt):
    model = load(SD3(), info_of(folder, "sd3"))
    wanted = drawn_by_diffusers(StableDiffusion3Pipeline, folder, prompt)
    assert relative(straight(model, prompt), wanted) < 3e-6


def test_without_t5_too(tmp_path):
    folder = write_sd3(tmp_path / "tiny", t5=False)
    wanted = drawn_by_diffusers(StableDiffusion3Pipeline, folder)
    assert relative(straight(load(SD3(), info_of(folder, "sd3"))), wanted) < 3e-6


def test_a_side_that_is_too_long_is_said_to_be(folder):
    model = load(SD3(), info_of(folder, "sd3"))
    words = model.encode_texts(["a"])
    assert model.predict_x0(torch.zeros(1, 16, 16, 8), 0.5, words).shape == (1, 16, 16, 8)
    with pytest.raises(UserError) as raised:
        model.predict_x0(torch.zeros(1, 16, 8, 17), 0.5, words)
    assert raised.value.problem.values["pixels"] == 128


def test_the_longest_text_decides_how_many_tokens_all_have(folder):
    model = load(SD3(), info_of(folder, "sd3"))
    short, long = model.encode_texts(["a", "a BREAK red"])
    assert short.tokens.shape == long.tokens.shape == (2 * 77 + LENGTH, T5_WIDTH)


@pytest.mark.parametrize("config", [{"pooled_projection_dim": 99}, {"in_channels": 8}])
def test_parts_that_do_not_fit_are_refused(tmp_path, config):
    wrong = write_sd3(tmp_path / "tiny", **config)
    with pytest.raises(UserError) as raised:
        load(SD3(), info_of(wrong, "sd3"))
    assert raised.value.problem.code == "model_damaged"
