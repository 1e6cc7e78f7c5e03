"""What kinds of models there are, and in which orders they are listed. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal, get_args

ModelKind = Literal[
    "checkpoint",
    "lora",
    "embedding",
    "vae",
    "controlnet",
    "ip_adapter",
    "upscaler",
    "text_encoder",
    "diffusion_model",
    "image_encoder",
    "depth",
    "annotator",
    "detector",
    "unknown",
]
"""`diffusion_model` is a UNet or transformer without the rest, `embedding` a textual inversion,
`depth` a network that tells how far each pixel of a picture is, `annotator` one that makes other
maps of a picture, `detector` one that finds things in it."""
MODEL_KINDS: tuple[ModelKind, ...] = get_args(ModelKind)

ModelOrder = Literal["name", "newest", "oldest", "largest", "smallest", "used"]
MODEL_ORDERS: tuple[str, ...] = get_args(ModelOrder)
