"""T2I-Adapters, light and of SDXL, against diffusers' pipelines on tiny random models."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import (
    StableDiffusionAdapterPipeline,
    StableDiffusionXLAdapterPipeline,
    T2IAdapter,
)
from safetensors.torch import save_file

from tests.extensions.control import MAP_REF, drawn, picture, random_weights
from tests.extensions.test_controlnet import asked, theirs
from tests.models.families.drawing import load, relative
from tests.tiny import Tiny, write_tiny
from webui.core.participants import ModelFile
from webui.models.families.sd1 import SD1
from webui.models.families.sdxl import SDXL

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("xl"), family="sdxl")


def written(network: T2IAdapter, folder: Path, family: str) -> dict[str, ModelFile]:
    """The same as a folder and as a single file."""
    network.save_pretrained(folder / "lead")
    save_file(network.state_dict(), folder / "lead.safetensors")
    return {
        "folder": ModelFile("folder", folder / "lead", "diffusers", family),
        "file": ModelFile("file", folder / "lead.safetensors", "safetensors", family),
    }


@torch.inference_mode()
def test_a_light_adapter(tiny: Tiny, tmp_path: Path) -> None:
    network = random_weights(
        T2IAdapter(channels=[32, 64], num_res_blocks=1, adapter_type="light_adapter"), 6
    )
    files = written(network, tmp_path, "sd1")
    model = load(SD1(), tiny.folder_info)
    made = [
        drawn(model, asked({"model": name, "weight": 0.7}), files, {MAP_REF: picture()})[0]
        for name in files
    ]
    wanted = theirs(
        StableDiffusionAdapterPipeline,
        tiny.folder,
        parts={"adapter": network.eval()},
        image=picture(),
        adapter_conditioning_scale=0.7,
    )
    assert relative(made[0], wanted) < 1e-5
    assert torch.equal(*made)


@torch.inference_mode()
def test_an_adapter_of_sdxl(xl: Tiny, tmp_path: Path) -> None:
    network = random_weights(
        T2IAdapter(
            channels=[32, 64], num_res_blocks=1, adapter_type="full_adapter_xl", downscale_factor=16
        ),
        7,
    )
    files = written(network, tmp_path, "sdxl")
    model = load(SDXL(), xl.folder_info)
    made = [
        drawn(model, asked({"model": name, "weight": 0.7}), files, {MAP_REF: picture()})[0]
        for name in files
    ]
    wanted = theirs(
        StableDiffusionXLAdapterPipeline,
        xl.folder,
        parts={"adapter": network.eval()},
        image=picture(),
        adapter_conditioning_scale=0.7,
    )
    assert relative(made[0], wanted) < 1e-5
    assert torch.equal(*made)
