"""Folders of flow models are recognised, and what is missing in them is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.tiny_flows import write_sd3
from webui.core.errors import UserError
from webui.library.cards import CARDS
from webui.library.flows import FLOW_PARTS, OPTIONAL, flow_variant
from webui.library.recognition import recognise_folder


@pytest.fixture(scope="module")
def sd3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sd3(tmp_path_factory.mktemp("sd3") / "stable-diffusion-3")


def test_stable_diffusion_3(sd3):
    kind = recognise_folder(sd3)
    assert (kind.family, kind.variant, kind.card) == ("sd3", None, CARDS["sd3"])


@pytest.mark.parametrize(
    "part", ["transformer", "vae", "text_encoder_2", "text_encoder_3", "tokenizer_3", "scheduler"]
)
def test_a_part_that_is_missing_is_named(sd3, tmp_path, part):
    folder = shutil.copytree(sd3, tmp_path / "copy")
    shutil.rmtree(folder / part)
    with pytest.raises(UserError) as raised:
        recognise_folder(folder)
    assert raised.value.problem.code == "model_part_missing"
    assert part in str(raised.value.problem.values["part"])


def test_t5_may_be_left_out_where_the_folder_says_so(sd3, tmp_path):
    folder = shutil.copytree(sd3, tmp_path / "copy")
    shutil.rmtree(folder / "text_encoder_3")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "text_encoder_3": [None, None]}))
    assert recognise_folder(folder).family == "sd3"


def test_weights_in_several_files_are_all_looked_at(sd3, tmp_path):
    folder = shutil.copytree(sd3, tmp_path / "copy")
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    first = weights.rename(weights.with_name("diffusion_pytorch_model-00001-of-00002.safetensors"))
    second = first.with_name("diffusion_pytorch_model-00002-of-00002.safetensors")
    shutil.copy(first, second)
    assert recognise_folder(folder).family == "sd3"
    second.write_bytes(second.read_bytes()[:-1])
    with pytest.raises(UserError) as raised:
        recognise_folder(folder)
    assert raised.value.problem.code == "model_cut_off"


@pytest.mark.parametrize(
    ("name", "config", "variant", "cfg_scale"),
    [
        ("FLUX.1-dev", {"guidance_embeds": True}, None, 3.5),
        ("FLUX.1-schnell", {"guidance_embeds": False}, "schnell", 1.0),
        ("FLUX.1-Fill-dev", {"guidance_embeds": True, "in_channels": 384}, "inpaint", 30.0),
        ("FLUX.1-Kontext-dev", {"guidance_embeds": True}, "edit", 2.5),
    ],
)
def test_the_kinds_of_flux(name, config, variant, cfg_scale):
    found, card = flow_variant("flux", name, config)
    assert (found, card.cfg_scale, card.distilled) == (variant, cfg_scale, True)


def test_a_flux_that_takes_something_else_is_refused():
    with pytest.raises(UserError):
        flow_variant("flux", "FLUX.1-Canny", {"in_channels": 128})


@pytest.mark.parametrize(
    ("name", "config", "variant", "steps", "scale"),
    [
        ("flux2-dev", {"guidance_embeds": True}, None, 28, 4.0),
        ("flux-2-klein-4b-fp8", {}, "klein", 4, 1.0),
        ("flux-2-klein-base-9b", {}, None, 50, 4.0),
        ("mine", {"few_steps": False}, None, 50, 4.0),
        ("klein-base-mix", {"few_steps": True}, "klein", 4, 1.0),
    ],
)
def test_the_kinds_of_flux_2(name, config, variant, steps, scale):
    found, card = flow_variant("flux2", name, config)
    assert (found, card.steps, card.cfg_scale) == (variant, steps, scale)
    assert card.distilled == ("guidance_embeds" in config)


def test_few_steps():
    variant, card = flow_variant("sd3", "sd3.5_large_turbo", {})
    assert (variant, card.steps, card.cfg_scale) == ("turbo", 4, 1.0)


@pytest.mark.parametrize(
    ("asked", "schedule"),
    [
        ({}, "SGM Uniform"),
        ({"use_beta_sigmas": True}, "Beta"),
        ({"use_karras_sigmas": 1}, "Karras"),
    ],
)
def test_a_folder_names_its_schedule(sd3, tmp_path, asked, schedule):
    folder = shutil.copytree(sd3, tmp_path / "copy")
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **asked}))
    assert recognise_folder(folder).card.schedule == schedule


def test_optional_parts_are_parts():
    assert FLOW_PARTS.keys() == OPTIONAL.keys()
    assert all(OPTIONAL[family] <= FLOW_PARTS[family].keys() for family in OPTIONAL)
