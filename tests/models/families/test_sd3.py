"""Stable Diffusion 3 gives what diffusers' pipeline of it gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from diffusers import StableDiffusion3Pipeline

from tests.models.families.drawing import load, relative
from tests.models.families.flowing import drawn_by_diffusers, straight
from tests.tiny_flows import info_of, write_sd3
from webui.models.families.sd3 import SD3


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
