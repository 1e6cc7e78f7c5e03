"""How a single file was trained, which its weights do not show: told beside or inside, or tried.

What counts most first: the card (`NAME.easel.json`), marks among its weights (`v_pred`, `ztsnr`),
A1111's config beside it (`NAME.yaml`), the metadata of the file (modelspec). Only Stable
Diffusion 2 was published in both ways without a mark; there the network itself is tried, as A1111
does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from webui.core.offers import ModelInfo
from webui.library.weights import Header, read_header

VELOCITY = {"prediction_type": "v_prediction"}

_PREDICTIONS = {"v": "v_prediction", "eps": "epsilon"}
_METADATA = "modelspec.prediction_type"
_YAML = re.compile(r"^\s*parameterization\s*:\s*[\"']?(v|eps)[\"']?\s*(?:#.*)?$", re.MULTILINE)
_LONGEST_YAML = 100_000
_LAST_TIMESTEP = 999
_WIDTH = 8
_FULL_CHANNELS = 4


def told(info: ModelInfo) -> dict[str, Any]:
    """What is told of a single file, as entries of a scheduler's config of diffusers.

    Raises:
        UserError: the file cannot be read.
    """
    path = Path(info.path)
    header = read_header(path, path.name)
    config = _inside(header) | _beside(path) | _among(header)
    if info.card.prediction is not None:
        config["prediction_type"] = info.card.prediction
    if info.card.zero_terminal_snr is not None:
        config["rescale_betas_zero_snr"] = info.card.zero_terminal_snr
    return config


@torch.inference_mode()
def predicts_velocity(unet: UNet2DConditionModel) -> bool:
    """Whether a network puts out the velocity, rather than the noise.

    At the last timestep all there is is noise: a network that predicts it gives its input back,
    one that predicts the velocity the negative of a picture. The test is A1111's. Networks that
    take more than the latents were all trained on the noise.
    """
    if unet.config["in_channels"] != _FULL_CHANNELS:
        return False
    like = {"device": unet.device, "dtype": unet.dtype}
    x = torch.full((1, _FULL_CHANNELS, _WIDTH, _WIDTH), 0.5, **like)
    words = torch.full((1, 2, unet.config["cross_attention_dim"]), 0.5, **like)
    timestep = torch.tensor(_LAST_TIMESTEP, device=unet.device)
    return float((unet(x, timestep, words).sample - x).float().mean()) < -1


def _inside(header: Header) -> dict[str, Any]:
    said = header.metadata.get(_METADATA, "").lower()
    found = next((full for short, full in _PREDICTIONS.items() if said.startswith(short)), None)
    return {"prediction_type": found} if found else {}


def _among(header: Header) -> dict[str, Any]:
    config: dict[str, Any] = dict(VELOCITY) if "v_pred" in header.shapes else {}
    return config | ({"rescale_betas_zero_snr": True} if "ztsnr" in header.shapes else {})


def _beside(path: Path) -> dict[str, Any]:
    try:
        with path.with_suffix(".yaml").open(encoding="utf-8", errors="replace") as file:
            found = _YAML.search(file.read(_LONGEST_YAML))
    except OSError:
        return {}
    return {"prediction_type": _PREDICTIONS[found[1]]} if found else {}
