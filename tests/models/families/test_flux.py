"""Flux.1 gives what diffusers' pipelines of it give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxFillPipeline, FluxKontextPipeline, FluxPipeline

from tests.models.families.drawing import load, relative
from tests.models.families.flowing import drawn_by_diffusers, flow_noise, straight
from tests.tiny_flows import CHANNELS, info_of, write_flux
from webui.core.errors import UserError
from webui.models.families.flux import Flux, packed, token_places, unpacked


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flux(tmp_path_factory.mktemp("flux") / "tiny")


def by_diffusers(kind: Any, folder: Path, size: tuple[int, int] = (8, 8), **more: Any) -> Any:
    height, width = size
    arguments = {
        "latents": packed(flow_noise(height=height, width=width)),
        "negative_prompt": None,
        "height": height * 8,
        "width": width * 8,
        **more,
    }
    return unpacked(drawn_by_diffusers(kind, folder, **arguments), height, width)


@pytest.mark.parametrize(("size", "scale"), [((8, 8), 3.5), ((12, 6), 1.0)])
def test_a_folder_draws_what_diffusers_draws(folder, size, scale):
    model = load(Flux(), info_of(folder, "flux"))
    wanted = by_diffusers(FluxPipeline, folder, size, guidance_scale=scale)
    assert relative(straight(model, size=size, scale=scale), wanted) < 3e-6
    assert relative(straight(model, size=size, scale=scale + 1), wanted) > 1e-4


def test_schnell_reads_shorter_texts_and_is_told_no_scale(tmp_path):
    folder = write_flux(tmp_path / "tiny", guidance_embeds=False)
    model = load(Flux(), info_of(folder, "flux"))
    wanted = by_diffusers(FluxPipeline, folder, max_sequence_length=256)
    assert relative(straight(model, scale=1.0), wanted) < 3e-6


def test_kontext_is_shown_the_picture(tmp_path):
    folder = write_flux(tmp_path / "tiny", "FluxKontextPipeline")
    model = load(Flux(), info_of(folder, "flux", "edit"))
    assert model.image_conditioning == "edit"
    shown = torch.randn(1, CHANNELS, 8, 8)
    wanted = by_diffusers(
        FluxKontextPipeline,
        folder,
        image=shown,
        _auto_resize=False,
        max_area=64 * 64,
        guidance_scale=2.5,
    )
    made = straight(model, scale=2.5, concat=shown / model.latent.scale)
    assert relative(made, wanted) < 3e-6
    assert relative(straight(model, scale=2.5), wanted) > 1e-4


def test_fill_is_shown_the_picture_and_the_mask(tmp_path):
    folder = write_flux(tmp_path / "tiny", "FluxFillPipeline", in_channels=384)
    model = load(Flux(), info_of(folder, "flux", "inpaint"))
    assert model.image_conditioning == "inpaint"
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 3:, 2:6] = 1
    pixels = torch.rand(1, 3, 64, 64)
    large = mask.repeat_interleave(8, 2).repeat_interleave(8, 3)
    drawn = torch.randn(1, CHANNELS, 8, 8, generator=torch.Generator().manual_seed(5))
    beside = model.encode(torch.lerp(pixels, torch.tensor(0.5), large), drawn)
    wanted = by_diffusers(
        FluxFillPipeline,
        folder,
        image=pixels,
        mask_image=large,
        generator=torch.Generator().manual_seed(5),
        guidance_scale=30.0,
    )
    made = straight(model, scale=30.0, concat=torch.cat([mask, beside], dim=1))
    assert relative(made, wanted) < 3e-6
    assert relative(straight(model, scale=30.0), wanted) > 1e-4


def test_tokens_and_latents_are_each_others_inverse():
    x = torch.randn(2, 3, 4, 6)
    assert torch.equal(unpacked(packed(x), 4, 6), x)
    places = token_places(2, 3, torch.device("cpu"), 1)
    assert places.tolist()[-1] == [1, 1, 2] and len(places) == 6


@pytest.mark.parametrize("config", [{"in_channels": 128}, {"joint_attention_dim": 96}])
def test_parts_that_do_not_fit_are_refused(tmp_path, config):
    folder = write_flux(tmp_path / "tiny", **config)
    with pytest.raises(UserError) as raised:
        load(Flux(), info_of(folder, "flux"))
    assert raised.value.problem.code == "model_damaged"
