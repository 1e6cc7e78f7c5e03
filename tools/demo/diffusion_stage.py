"""The stage `unet`: UNet and text encoder learn together, from the latents and the captions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTokenizer

from tools.demo.dataset import Captions, Sampler, load_latents
from tools.demo.networks import load_text_encoder, load_tokenizer, load_unet
from tools.demo.noise import NoiseLevels
from tools.demo.training import LossFunction, Plan, Trainer, device, mixed_precision

NO_CAPTION_SHARE = 0.1
"""Left without words, which classifier-free guidance needs."""
WHOLE_SHARE = 0.2
SHORT = 24
"""The encoder is causal, so a caption is the same without its padding: most batches leave it out,
which is faster. `WHOLE_SHARE` of them keep it, as drawing does."""


def unet_trainer(base: Path, state: Path, plan: Plan) -> Trainer:
    networks = nn.ModuleDict({"unet": load_unet(base), "text_encoder": load_text_encoder(base)})
    return Trainer(networks.train(), plan, state / "unet.pt")


def unet_loss(trainer: Trainer, base: Path, data: Path, batch: int) -> LossFunction:
    """The weighted error of the predicted noise on `batch` pictures."""
    captions = Captions.load(data)
    sampler = Sampler(captions)
    tokenizer = load_tokenizer(base)
    tokens = tokenize(tokenizer, captions.texts)
    empty = tokenize(tokenizer, [[""]])[0, 0]
    latents = torch.from_numpy(load_latents(data)).to(device())
    levels = NoiseLevels()
    weights = levels.weights.to(device())

    def loss_of(progress: float, rng: np.random.Generator) -> Tensor:
        numbers = sampler.draw(batch, progress, rng)
        ids = draw_captions(tokens[numbers], empty, rng)
        clean = latents[torch.from_numpy(numbers).to(device())].float()
        noise = torch.from_numpy(rng.standard_normal(clean.shape, dtype=np.float32)).to(device())
        level = levels.draw(batch, rng).to(device())
        with mixed_precision():
            words = torch.from_numpy(ids.astype(np.int64)).to(device())
            cond = trainer.networks["text_encoder"](input_ids=words).last_hidden_state
            noisy = levels.add_noise(clean, noise, level)
            noisy = noisy.contiguous(memory_format=torch.channels_last)
            predicted = trainer.networks["unet"](noisy, level, cond).sample
        error = (predicted.float() - noise).square().mean((1, 2, 3))
        return (error * weights[level]).mean()

    return loss_of


def draw_captions(tokens: np.ndarray, empty: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From (batch, captions, 77) one caption each, some empty; (batch, 77 or SHORT)."""
    batch, captions, _ = tokens.shape
    ids = tokens[np.arange(batch), rng.integers(0, captions, batch)]
    ids[rng.random(batch) < NO_CAPTION_SHARE] = empty
    return ids if rng.random() < WHOLE_SHARE else ids[:, :SHORT]


def tokenize(tokenizer: CLIPTokenizer, texts: list[list[str]]) -> np.ndarray:
    """(pictures, captions, 77) token numbers; each different caption is looked at once."""
    unique = sorted({caption for captions in texts for caption in captions})
    rows = {caption: row for row, caption in enumerate(unique)}
    ids = tokenizer(unique, padding="max_length", truncation=True, max_length=77).input_ids
    table = np.array(ids, dtype=np.uint16)
    return table[np.array([[rows[caption] for caption in captions] for captions in texts])]
