"""Small files that look like checkpoints by the names in them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from webui.models.merging.writing import Planned

UNET = "model.diffusion_model."
INPUT = f"{UNET}input_blocks.0.0.weight"
MIDDLE = f"{UNET}middle_block.0.in_layers.2.weight"
OUTPUT = f"{UNET}output_blocks.11.0.in_layers.2.weight"
TEXT = "cond_stage_model.transformer.text_model.final_layer_norm.weight"
PLACES = "cond_stage_model.transformer.text_model.embeddings.position_ids"
VAE = "first_stage_model.decoder.up.0.block.0.norm1.weight"
EMA = "model_ema.diffusion_modelinput_blocks00weight"
BETAS = "betas"


def weights(seed: int, channels: int = 4, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    return {
        INPUT: random(8, channels, 3, 3),
        MIDDLE: random(8, 8),
        OUTPUT: random(8, 8),
        TEXT: random(16),
        PLACES: torch.arange(7).reshape(1, 7) + seed,
        VAE: random(8),
        BETAS: random(10),
    }


def write(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(dict(tensors), path, metadata)
    return path


def made(planned: Sequence[Planned]) -> dict[str, Tensor]:
    """What would be written."""
    return {one.name: one.make().to(one.dtype) for one in planned}
