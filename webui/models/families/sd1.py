"""Stable Diffusion 1: UNet, CLIP text encoder, KL autoencoder.

Rombach et al., "High-resolution image synthesis with latent diffusion models", 2022.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from huggingface_hub.errors import StrictDataclassError
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from webui.core.errors import UserError
from webui.core.offers import ModelInfo, Preview
from webui.core.participants import Embedding
from webui.library.recognition import CARDS, LDM_PARTS
from webui.library.weights import PARTS, part_file, read_config
from webui.models.autoencoder import Autoencoder
from webui.models.devices import autoencoder_dtype, device_name, network_dtype
from webui.models.emphasis import Emphasis
from webui.models.family import ImageConditioning, LatentSpec, LoadProgress
from webui.models.loading import Part, Tensors, fill, read_parts, without_weights
from webui.models.prediction import Prediction
from webui.models.texts import TextEncoder

CONFIGS = Path(__file__).parents[1] / "configs" / "sd1"
"""A diffusers folder without weights, for single files."""

_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names in autoencoders saved by diffusers before 0.15."""
_OLD = re.compile(rf"(?<=\.)(?:{'|'.join(_OLD_ATTENTION)})(?=\.)")
_CONDITIONING: Mapping[int, ImageConditioning] = {0: "none", 5: "inpaint", 4: "edit", 1: "depth"}
"""By how many channels the network takes beside the latents."""
_WRONG_CONFIG = (AttributeError, LookupError, TypeError, ValueError, StrictDataclassError)
"""What the libraries raise for values that make no network."""


class SD1Model:
    """A loaded model (see `webui.models.family.Model`).

    Attributes:
        unet, autoencoder, texts: its parts.
    """

    def __init__(
        self,
        info: ModelInfo,
        unet: UNet2DConditionModel,
        autoencoder: Autoencoder,
        texts: TextEncoder,
        prediction: Prediction,
    ) -> None:
        self.info = info
        self.unet = unet
        self.autoencoder = autoencoder
        self.texts = texts
        self.sigmas = prediction.table.sigmas
        channels = autoencoder.vae.config["latent_channels"]
        self.latent = LatentSpec(channels, autoencoder.stride, _preview(info), autoencoder.scale)
        self.image_conditioning: ImageConditioning = _CONDITIONING[
            unet.config["in_channels"] - channels
        ]
        self._prediction = prediction
        self._gray: Tensor | None = None

    @property
    def device(self) -> torch.device:
        return self.unet.device

    @property
    def dtype(self) -> torch.dtype:
        return self.unet.dtype

    def encode_texts(
        self,
        texts: Sequence[str],
        clip_skip: int = 1,
        *,
        negative: bool = False,
        emphasis: Emphasis = "Original",
    ) -> list[Embedding]:
        return self.texts.encode(texts, clip_skip, emphasis)

    def predict_x0(
        self,
        x: Tensor,
        sigma: float,
        embeddings: Sequence[Embedding],
        residuals: Mapping[str, Any] | None = None,
        concat: Tensor | None = None,
    ) -> Tensor:
        words = torch.stack([embedding.tokens for embedding in embeddings]).to(self.dtype)
        latents = self._beside(self._prediction.scaled(x, sigma), concat).to(self.dtype)
        timestep = torch.tensor(self._prediction.timestep(sigma), device=self.device)
        output = self.unet(latents, timestep, words, **(residuals or {})).sample
        return self._prediction.denoised(x, output.float(), sigma)

    def decode(self, latents: Tensor) -> Tensor:
        return self.autoencoder.decode(latents)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        return self.autoencoder.encode(pixels, noise)

    def running(self) -> AbstractContextManager[None]:
        return torch.inference_mode()

    def _beside(self, latents: Tensor, concat: Tensor | None) -> Tensor:
        """The latents with what the network is given of a picture behind their channels."""
        if self.image_conditioning == "none":
            return latents
        if concat is None:
            concat = self._nothing_to_keep(latents)
        return torch.cat([latents, concat.to(latents)], dim=1)

    def _nothing_to_keep(self, latents: Tensor) -> Tensor:
        """For text to image: gray, all of it masked (A1111's `txt2img_image_conditioning`)."""
        rows, channels, height, width = latents.shape
        more = self.unet.config["in_channels"] - channels
        if self.image_conditioning != "inpaint":
            return latents.new_zeros(rows, more, height, width)
        if self._gray is None or self._gray.shape[2:] != latents.shape[2:]:
            sides = height * self.latent.stride, width * self.latent.stride
            self._gray = self.encode(torch.full((1, 3, *sides), 0.5))
        mask = latents.new_ones(rows, 1, height, width)
        return torch.cat([mask, self._gray.to(latents).expand(rows, -1, -1, -1)], dim=1)


class SD1:
    """How to load one."""

    name = "sd1"

    def __init__(self, configs: Path = CONFIGS) -> None:
        """Load nothing yet.

        Args:
            configs: of the parts of single files.
        """
        self._configs = configs

    def load(self, info: ModelInfo, device: torch.device, progress: LoadProgress) -> SD1Model:
        """See `webui.models.family.Family`."""
        in_folder = info.format == "diffusers"
        shown = Path(info.path).name
        configs = Path(info.path) if in_folder else self._configs
        prediction = Prediction.from_config(
            read_config(configs / "scheduler" / "scheduler_config.json", shown), shown
        )
        networks = _networks(configs, shown)
        convert = _from_folder if in_folder else _from_file
        for part, tensors in read_parts(_parts(info, device), device, progress):
            fill(networks[part], convert(part, tensors, networks[part]), shown)
            networks[part].to(device)  # what is no weight: places of tokens
        return SD1Model(
            info,
            networks["unet"],
            Autoencoder(networks["vae"]),
            TextEncoder(networks["text_encoder"], _tokenizer(configs, shown)),
            prediction,
        )


def _networks(configs: Path, shown: str) -> dict[str, Any]:
    """The three networks, still without weights."""
    config = {
        part: read_config(configs / part / "config.json", f"{shown}/{part}/config.json")
        for part in PARTS
    }
    try:
        with without_weights():
            return {
                "unet": UNet2DConditionModel.from_config(config["unet"]),
                "vae": AutoencoderKL.from_config(config["vae"]),
                "text_encoder": CLIPTextModel(CLIPTextConfig.from_dict(config["text_encoder"])),
            }
    except _WRONG_CONFIG as error:
        raise UserError("model_damaged", file=f"{shown}/config.json") from error


def _parts(info: ModelInfo, device: torch.device) -> dict[str, Part]:
    """What to read: three files of a folder, or three stretches of a single file."""
    path, name = Path(info.path), device_name(device)
    dtypes = dict.fromkeys(PARTS, network_dtype(device, name))
    dtypes["vae"] = autoencoder_dtype(device, name)
    if info.format != "diffusers":
        return {part: Part(path, path.name, LDM_PARTS[part], dtypes[part]) for part in PARTS}
    files = {part: part_file(path, part) for part in PARTS}
    for part, file in files.items():
        if file is None:
            raise UserError("model_part_missing", file=path.name, part=part)
    return {
        part: Part(file, f"{path.name}/{part}/{file.name}", "", dtypes[part])
        for part, file in files.items()
        if file is not None
    }


def _from_folder(part: str, tensors: Tensors, network: nn.Module) -> Tensors:
    """Names as saved by any version of diffusers and transformers to those of this one."""
    if part == "text_encoder":
        return {name.removeprefix("text_model."): value for name, value in tensors.items()}
    if part == "vae":
        return {_OLD.sub(_new_attention, name): value for name, value in tensors.items()}
    return tensors


def _new_attention(found: re.Match[str]) -> str:
    return _OLD_ATTENTION[found[0]]


def _from_file(part: str, tensors: Tensors, network: Any) -> Tensors:
    """Names of the first Stable Diffusion's own code (LDM) to those of diffusers."""
    if part == "text_encoder":
        prefix = LDM_PARTS[part]
        plain = {name.removeprefix(prefix): value for name, value in tensors.items()}
        return _from_folder(part, plain, network)
    convert = convert_ldm_unet_checkpoint if part == "unet" else convert_ldm_vae_checkpoint
    converted = convert(tensors, network.config)
    return {name: value for name, value in converted.items() if value is not None}


def _tokenizer(configs: Path, shown: str) -> CLIPTokenizer:
    folder = configs / "tokenizer"
    whole, vocabulary = folder / "tokenizer.json", folder / "vocab.json"
    file = whole if whole.is_file() else vocabulary
    read_config(file, f"{shown}/tokenizer/{file.name}")  # is it whole?
    if file is vocabulary and not (folder / "merges.txt").is_file():
        raise UserError("model_part_missing", file=shown, part="tokenizer/merges.txt")
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def _preview(info: ModelInfo) -> Preview:
    preview = info.card.preview or CARDS["sd1"].preview
    assert preview is not None
    return preview
