"""ControlNets of transformers against diffusers' pipelines on tiny random models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    FluxControlNetModel,
    FluxControlNetPipeline,
    SD3ControlNetModel,
    SD3Transformer2DModel,
    StableDiffusion3ControlNetPipeline,
)
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from safetensors.torch import save_file

from tests.extensions.control import COMPLETE, MAP_REF, drawn, picture, random_weights
from tests.models.families.drawing import NEGATIVE, PROMPT, SCALE, load, relative
from tests.tiny_flows import info_of, write_flux, write_sd3
from webui.core.participants import ModelFile
from webui.core.requests import Txt2Img
from webui.models.families.flux import Flux, unpacked
from webui.models.families.sd3 import SD3

pytestmark = pytest.mark.filterwarnings("ignore:.*FluxPosEmbed.*:FutureWarning")

STEPS = 4


@pytest.fixture(autouse=True)
def means(monkeypatch) -> None:
    """diffusers draws the map's latents, we take their mean."""
    monkeypatch.setattr(
        DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode()
    )


def asked(**fields: Any) -> Txt2Img:
    unit = {"image": MAP_REF, "model": "lead", "weight": 0.8, **fields.pop("unit", {})}
    extensions = {"controlnet": {"units": [unit]}}
    values = {**COMPLETE, "steps": STEPS, "schedule": "Simple", "extensions": extensions}
    return Txt2Img.model_validate({**values, **fields})


def theirs(kind: Any, folder: Path, network: Any, **more: Any) -> torch.Tensor:
    pipe = kind.from_pretrained(folder, local_files_only=True, controlnet=network.eval())
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        PROMPT,
        num_inference_steps=STEPS,
        sigmas=[1 - step / STEPS for step in range(STEPS)],
        control_image=picture(),
        controlnet_conditioning_scale=0.8,
        width=64,
        height=64,
        output_type="latent",
        **more,
    ).images


def files(folder: Path, family: str) -> dict[str, ModelFile]:
    return {"lead": ModelFile("lead", folder, "diffusers", family)}


def in_low_memory(model: Any, request: Txt2Img, folder: Path, family: str) -> torch.Tensor:
    """The same drawn with a network that comes and goes on each call; it is told to, each time."""
    (unit,) = request.extensions["controlnet"]["units"]
    low = {"controlnet": {"units": [{**unit, "low_memory": True}]}}
    moves: list[str] = []
    to = torch.nn.Module.to

    def moved(module: Any, *where: Any, **more: Any) -> Any:
        if "ControlNet" in type(module).__name__:
            moves.append(str(where[0]))
        return to(module, *where, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.Module, "to", moved)
        again = request.with_(extensions=low)
        made, _ = drawn(model, again, files(folder, family), {MAP_REF: picture()})
    assert len(moves) >= 2 * STEPS
    return made


@torch.inference_mode()
@pytest.mark.parametrize("zeros", [True, False])
def test_sd3(tmp_path, zeros):
    folder = write_sd3(tmp_path / "sd3")
    transformer = SD3Transformer2DModel.from_pretrained(folder / "transformer")
    network = SD3ControlNetModel.from_config(
        {**transformer.config, "force_zeros_for_pooled_projection": zeros}, num_layers=1
    )
    random_weights(network, 1).save_pretrained(tmp_path / "lead")
    model = load(SD3(), info_of(folder, "sd3"))
    request = asked()
    made, _ = drawn(model, request, files(tmp_path / "lead", "sd3"), {MAP_REF: picture()})
    wanted = theirs(
        StableDiffusion3ControlNetPipeline,
        folder,
        network,
        negative_prompt=NEGATIVE,
        guidance_scale=SCALE,
        generator=torch.Generator("cpu").manual_seed(11),
    )
    assert relative(made, wanted) < 1e-5
    assert torch.equal(made, in_low_memory(model, request, tmp_path / "lead", "sd3"))
    save_file(network.state_dict(), tmp_path / "lead.safetensors")
    if zeros:  # a file does not tell, and all that are in use were trained so
        one = files(tmp_path / "lead.safetensors", "sd3")
        again, _ = drawn(model, request, one, {MAP_REF: picture()})
        assert torch.equal(made, again)


@torch.inference_mode()
@pytest.mark.parametrize("union", [None, 3])
def test_flux(tmp_path, union):
    folder = write_flux(tmp_path / "flux")
    model = load(Flux(), info_of(folder, "flux"))
    config = {**model.transformer.config, "num_layers": 1, "num_single_layers": 1}
    network = FluxControlNetModel.from_config({**config, "num_mode": union})
    random_weights(network, 2).save_pretrained(tmp_path / "lead")
    kind = {} if union is None else {"control_type": 2}
    request = asked(cfg_scale=3.0, unit=kind)
    made, _ = drawn(model, request, files(tmp_path / "lead", "flux"), {MAP_REF: picture()})
    more = {} if union is None else {"control_mode": 2}
    wanted = theirs(
        FluxControlNetPipeline,
        folder,
        network,
        guidance_scale=3.0,
        generator=torch.Generator("cpu").manual_seed(11),
        **more,
    )
    assert relative(made, unpacked(wanted, 8, 8)) < 1e-5
    assert torch.equal(made, in_low_memory(model, request, tmp_path / "lead", "flux"))
