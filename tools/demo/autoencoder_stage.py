"""The stages `vae`, `encode` and `decoder`: pictures to latents and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor, nn

from tools.demo.dataset import load_pictures
from tools.demo.networks import SCALING, load_vae
from tools.demo.training import (
    LossFunction,
    Plan,
    Trainer,
    averaged_weights,
    device,
    mixed_precision,
)

CROP = 64
WHOLE_FROM = 0.8
"""The autoencoder sees crops, which are faster, and whole pictures from here on."""
KL_WEIGHT = 6.4e-5
COLOUR_WEIGHT = 0.5
LATENT_NOISE = 0.2
"""The most noise on the latents, in their own spread, that the decoder learns to forgive."""


def vae_trainer(vae_folder: Path, state: Path, plan: Plan) -> Trainer:
    """For the whole autoencoder; `colour` reads the mean colour from the latents."""
    colour = nn.Conv2d(4, 3, 1)
    nn.init.zeros_(colour.weight)  # it must not pull at a trained encoder before it has learnt
    networks = nn.ModuleDict({"vae": load_vae(vae_folder), "colour": colour})
    return Trainer(networks.train(), plan, state / "vae.pt")


def decoder_trainer(vae_folder: Path, state: Path, plan: Plan) -> Trainer:
    """For the decoder alone; the encoder and so the latents stay as they are."""
    vae = load_vae(vae_folder)
    vae.encoder.requires_grad_(False)
    into, _ = latent_layers(vae)
    into.requires_grad_(False)
    return Trainer(nn.ModuleDict({"vae": vae}).train(), plan, state / "decoder.pt")


def vae_loss(trainer: Trainer, data: Path, batch: int) -> LossFunction:
    pictures = load_pictures(data)
    vae: Any = trainer.networks["vae"]
    colour = trainer.networks["colour"]

    def loss_of(progress: float, rng: np.random.Generator) -> Tensor:
        crop, count = (CROP, batch) if progress < WHOLE_FROM else (pictures.shape[1], batch // 2)
        pixels = draw_pixels(pictures, count, crop, rng)
        with mixed_precision():
            posterior = vae.encode(pixels).latent_dist
            noise = torch.from_numpy(rng.standard_normal(posterior.mean.shape, dtype=np.float32))
            latents = posterior.mean + posterior.std * noise.to(device())
            decoded = vae.decode(latents).sample
            mean_colour = colour(latents)
        spread = posterior.mean.square() + posterior.var - 1 - posterior.logvar
        kl = 0.5 * spread.float().mean()
        # without this, red and green are learnt last
        colour_error = (mean_colour.float() - F.avg_pool2d(pixels, 8)).abs().mean()
        return (
            picture_error(decoded.float(), pixels) + KL_WEIGHT * kl + COLOUR_WEIGHT * colour_error
        )

    return loss_of


def decoder_loss(trainer: Trainer, data: Path, batch: int) -> LossFunction:
    pictures = load_pictures(data)
    vae: Any = trainer.networks["vae"]

    def loss_of(progress: float, rng: np.random.Generator) -> Tensor:
        pixels = draw_pixels(pictures, batch, pictures.shape[1], rng)
        with mixed_precision():
            latents = vae.encode(pixels).latent_dist.mean
            noise = torch.from_numpy(rng.standard_normal(latents.shape, dtype=np.float32))
            amount = torch.from_numpy(rng.random((batch, 1, 1, 1), dtype=np.float32))
            noise = (noise * amount).to(device()) * LATENT_NOISE / SCALING
            decoded = vae.decode(latents + noise).sample
        return picture_error(decoded.float(), pixels)

    return loss_of


def draw_pixels(pictures: np.ndarray, count: int, crop: int, rng: np.random.Generator) -> Tensor:
    """(count, 3, crop, crop) in -1..1, half of them mirrored."""
    batch = np.empty((count, crop, crop, 3), dtype=np.uint8)
    room = pictures.shape[1] - crop + 1
    for row, number in enumerate(rng.integers(0, len(pictures), count)):
        top, left = rng.integers(0, room, 2)
        piece = pictures[number, top : top + crop, left : left + crop]
        batch[row] = piece[:, ::-1] if rng.random() < 0.5 else piece
    return to_pixels(batch)


def to_pixels(pictures: np.ndarray) -> Tensor:
    pixels = torch.from_numpy(np.array(pictures)).to(device()).permute(0, 3, 1, 2)
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def picture_error(decoded: Tensor, pixels: Tensor) -> Tensor:
    """L1 on the picture, on the details at three sizes, and on the differences of colour."""
    difference = decoded - pixels
    error = difference.abs().mean()
    rest = difference
    for _ in range(3):
        smaller = F.avg_pool2d(rest, 2)
        details = rest - F.interpolate(smaller, scale_factor=2.0)
        error = error + 0.8 * details.abs().mean()
        rest = smaller
    red, green, blue = F.avg_pool2d(difference, 4).unbind(1)
    error = error + rest.abs().mean() + 1.2 * (red - green).abs().mean()
    return error + 0.8 * (blue - (red + green) / 2).abs().mean()


@torch.no_grad()
def encode_all(vae: AutoencoderKL, pictures: np.ndarray, batch: int = 32) -> Tensor:
    """(N, 4, side/8, side/8) mean latents, not scaled, on the processor."""
    network: Any = vae.eval()
    network.to(device(), memory_format=torch.channels_last)
    parts = []
    for start in range(0, len(pictures), batch):
        pixels = to_pixels(pictures[start : start + batch])
        parts.append(network.encode(pixels).latent_dist.mean.cpu())
    return torch.cat(parts)


def latent_layers(vae: AutoencoderKL) -> tuple[nn.Conv2d, nn.Conv2d]:
    """The 1x1 convolutions into and out of the latents."""
    into, out_of = vae.quant_conv, vae.post_quant_conv
    assert into is not None and out_of is not None
    return into, out_of


@torch.no_grad()
def whiten(vae: AutoencoderKL, latents: Tensor) -> None:
    """Fold into the 1x1 convolutions that the latents have mean 0 and spread 1 / SCALING."""
    into, out_of = latent_layers(vae)
    assert into.bias is not None and out_of.bias is not None
    mean = latents.mean((0, 2, 3)).to(into.weight)
    factor = latents.std((0, 2, 3)).to(into.weight) * SCALING
    into.weight[:4] /= factor.view(4, 1, 1, 1)
    into.bias[:4] = (into.bias[:4] - mean) / factor
    into.bias[4:] -= 2 * factor.log()
    out_of.bias += (out_of.weight[:, :, 0, 0] * mean).sum(1)
    out_of.weight *= factor.view(1, 4, 1, 1)


def encode_stage(base: Path, state: Path) -> None:
    """Write the latents of all pictures, and how to guess colours from them.

    After the stage `vae` its autoencoder is evened out and kept in `state/vae`; otherwise the
    autoencoder of the base model is used as it is.
    """
    pictures = load_pictures(state / "data")
    vae = load_vae(base / "vae")
    if (state / "vae.pt").exists():
        vae.load_state_dict(averaged_weights(state / "vae.pt")["vae"])
        some = np.linspace(0, len(pictures) - 1, min(1024, len(pictures))).astype(int)
        whiten(vae, encode_all(vae, pictures[some]))
        vae.save_pretrained(state / "vae")
    latents = encode_all(vae, pictures) * SCALING
    half = state / "data" / "latents.half.npy"
    np.save(half, latents.half().numpy())
    half.replace(state / "data" / "latents.npy")
    preview = json.dumps(preview_of(latents[::16], pictures[::16]))
    (state / "preview.json").write_text(preview, encoding="utf-8")


def preview_of(latents: Tensor, pictures: np.ndarray) -> dict[str, list[list[float]] | list[float]]:
    """The linear map from the scaled latents to RGB in -1..1 with the least squared error."""
    colours = F.avg_pool2d(to_pixels(pictures).cpu(), 8).permute(0, 2, 3, 1).reshape(-1, 3)
    inputs = latents.permute(0, 2, 3, 1).reshape(-1, 4)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    solution = torch.linalg.lstsq(inputs, colours).solution
    rounded = [[round(value, 3) for value in row] for row in solution.tolist()]
    return {"matrix": rounded[:4], "bias": rounded[4]}
