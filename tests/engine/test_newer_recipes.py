"""Every kind of request with newer models, which language models read for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.test_flow_recipes import FIELDS, REF, changed, drawn, mask
from tests.models.families.drawing import load
from tests.tiny_flows import info_of
from tests.tiny_flux2 import write_flux2
from tests.tiny_newer import write_qwen_image, write_z_image
from webui.core.requests import Hires, Img2Img, Inpaint, Txt2Img
from webui.models.families import FAMILIES
from webui.models.family import Model

FOLDERS: dict[str, Any] = {
    "z-image": write_z_image,
    "qwen-image": write_qwen_image,
    "flux2": write_flux2,
}


@pytest.fixture(scope="module", params=FOLDERS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder: Path = FOLDERS[request.param](tmp_path_factory.mktemp(request.param) / "tiny")
    return load(FAMILIES[request.param], info_of(folder, request.param))


def test_pictures_from_text(model):
    request = Txt2Img(**FIELDS)
    first = drawn(request, model)
    assert first.shape == (64, 64, 3)
    assert changed(first, drawn(request, model)) == 0
    assert changed(first, drawn(request.with_(prompt="blue blue"), model)) > 0


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M", "UniPC"])
def test_other_samplers_walk_them_too(model, sampler):
    made = drawn(Txt2Img(**{**FIELDS, "sampler": sampler}), model)
    assert bool(np.isfinite(made).all()) and made.std() > 0


def test_a_second_pass(model):
    hires = Hires(scale=1.5, strength=0.6, upscaler="Latent", steps=2)
    assert drawn(Txt2Img(**FIELDS, hires=hires), model).shape == (96, 96, 3)


def test_pictures_from_a_picture(model):
    request = Img2Img(**FIELDS, image=REF, strength=0.6)
    made = drawn(request, model)
    assert made.shape == (64, 64, 3)
    assert changed(made, drawn(request.with_(strength=0.9), model)) > 0


def test_outside_a_mask_nothing_changes(model):
    request = Inpaint(**FIELDS, image=REF, mask=REF, strength=1.0, mask_blur=0)
    made = drawn(request, model)
    kept = np.asarray(mask()) == 0
    again = drawn(request.with_(seed=2), model)
    assert changed(made[kept], again[kept]) == 0 and changed(made, again) > 0
