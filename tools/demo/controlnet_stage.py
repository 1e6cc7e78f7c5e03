"""A ControlNet for the demo model: a copy of its encoder learns to follow edges (arXiv 2302.05543).

The model itself stays as it is. Maps are made by the preprocessor that the program uses.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from extensions.controlnet.maps import Canny, canny
from tools.demo.dataset import Captions, Sampler, load_latents, load_pictures
from tools.demo.diffusion_stage import draw_captions, tokenize
from tools.demo.networks import load_text_encoder, load_tokenizer, load_unet
from tools.demo.noise import NoiseLevels
from tools.demo.training import LossFunction, Plan, Trainer, averaged_weights, device

MAP_CHANNELS = (8, 16, 32, 64)
"""Of the layers that read the map. Those of Stable Diffusion 1 are up to four times as wide, and
would need more time here than all the rest."""
LOW, HIGH = (60, 140), (150, 256)
"""Thresholds vary around the preprocessor's own, so that maps with more or fewer lines work."""
NO_CAPTION_SHARE = 0.3
"""Left without words besides those that training always leaves, so that edges must be read."""
METADATA = {
    "format": "pt",
    "modelspec.title": "Easel demo: edges (Canny)",
    "modelspec.architecture": "stable-diffusion-v1/controlnet",
    "modelspec.description": (
        "Follows the edges of a picture. Made for the Easel demo model alone, which is much "
        "smaller than Stable Diffusion 1. Preprocessor: canny."
    ),
    "modelspec.license": "MIT AND Apache-2.0",
}
"""What the catalog tells: without it nothing says for which family it is."""
SAVED = "controlnet.pt"
NAME = "controlnet"


def controlnet_trainer(base: Path, state: Path, plan: Plan) -> Trainer:
    torch.manual_seed(plan.seed)  # of the layers that read the map
    return Trainer(nn.ModuleDict({NAME: new_controlnet(base)}).train(), plan, state / SAVED)


def new_controlnet(base: Path) -> ControlNetModel:
    """One that adds nothing yet, but reads the map from the first step on.

    diffusers begins with zeros both where the map comes in and where the layers go out, so that
    nothing is learnt of the map until the latter have grown; one of them is enough.
    """
    network = ControlNetModel.from_unet(
        load_unet(base), conditioning_embedding_out_channels=MAP_CHANNELS
    )
    network.controlnet_cond_embedding.conv_out.reset_parameters()
    return network


def controlnet_loss(trainer: Trainer, base: Path, data: Path, batch: int) -> LossFunction:
    """The weighted error of the noise that the led model predicts on `batch` pictures."""
    captions = Captions.load(data)
    sampler = Sampler(captions)
    tokenizer = load_tokenizer(base)
    tokens = tokenize(tokenizer, captions.texts)
    empty = tokenize(tokenizer, [[""]])[0, 0]
    pictures, latents = load_pictures(data), load_latents(data)
    unet: Any = _frozen(load_unet(base))
    encoder: Any = _frozen(load_text_encoder(base))
    network = trainer.networks[NAME]
    levels = NoiseLevels()
    weights = levels.weights.to(device())

    def loss_of(progress: float, rng: np.random.Generator) -> Tensor:
        numbers = sampler.draw(batch, progress, rng)
        ids = draw_captions(tokens[numbers], empty, rng)
        ids[rng.random(batch) < NO_CAPTION_SHARE] = empty[: ids.shape[1]]
        shown = draw_maps(pictures[numbers], rng)
        clean = torch.from_numpy(latents[numbers]).to(device()).float()
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32)).to(device())
        level = levels.draw(batch, rng).to(device())
        with torch.no_grad():
            words = torch.from_numpy(ids.astype(np.int64)).to(device())
            cond = encoder(input_ids=words).last_hidden_state
        noisy = levels.add_noise(clean, noise, level)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        down, middle = network(noisy, level, cond, controlnet_cond=shown, return_dict=False)
        predicted = unet(
            noisy,
            level,
            cond,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        ).sample
        error = (predicted - noise).square().mean((1, 2, 3))
        return (error * weights[level]).mean()

    return loss_of


def draw_maps(pictures: np.ndarray, rng: np.random.Generator) -> Tensor:
    """(count, 3, SIZE, SIZE) in 0..1: the edges of (count, SIZE, SIZE, 3) pictures."""
    maps = np.empty((len(pictures), 1, *pictures.shape[1:3]), dtype=np.float32)
    for row, picture in enumerate(pictures):
        options = Canny(low=int(rng.integers(*LOW)), high=int(rng.integers(*HIGH)))
        maps[row, 0] = np.asarray(canny(Image.fromarray(picture), options)) / np.float32(255)
    shown = torch.from_numpy(maps).to(device()).expand(-1, 3, -1, -1)
    return shown.contiguous(memory_format=torch.channels_last)


def trained_controlnet(base: Path, state: Path) -> ControlNetModel:
    """The average of what was trained so far."""
    network = new_controlnet(base)
    network.load_state_dict(averaged_weights(state / SAVED)[NAME])
    return network.eval()


def export_controlnet(base: Path, state: Path, card: Path, folder: Path) -> None:
    """Write the averaged weights in float16, with the card, as a new diffusers folder.

    Args:
        card: a folder with the texts that lie beside the weights.
    """
    network = trained_controlnet(base, state)
    shutil.copytree(card, folder)
    settings = json.loads(network.to_json_string())
    settings.pop("_name_or_path", None)
    text = json.dumps(settings, indent=2, sort_keys=True)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
    half = {name: weight.half().contiguous() for name, weight in network.state_dict().items()}
    path = folder / "diffusion_pytorch_model.safetensors"
    path.unlink(missing_ok=True)
    save_file(half, path, metadata=METADATA)


def _frozen(network: nn.Module) -> nn.Module:
    network.to(device())
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return cast(nn.Module, network.eval().requires_grad_(False))
