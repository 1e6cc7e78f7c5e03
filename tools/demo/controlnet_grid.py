"""A grid to judge the ControlNet by: what it is shown, and what is drawn at several weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from PIL import Image, ImageDraw

from extensions.controlnet.maps import Canny, canny
from tools.demo.controlnet_stage import trained_controlnet
from tools.demo.exporting import TILE, label_grid

STEPS = 20
WEIGHTS = (0.0, 0.5, 1.0, 1.5)
SUBJECTS = (
    ("disc", "a red apple"),
    ("disc", "pizza"),
    ("egg", "a strawberry"),
    ("house", "house with garden"),
    ("heart", "a red heart"),
    ("hills", "sunrise over mountains"),
)
INK, PAPER = (40, 40, 60), (255, 255, 255)


def sketch(name: str, size: int = TILE) -> Image.Image:
    """A plain shape off the middle, where the model by itself would not draw: RGB, square."""
    image = Image.new("RGB", (4 * size, 4 * size), PAPER)
    pen = ImageDraw.Draw(image)

    def at(*places: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * 4 * size, y * 4 * size) for x, y in places]

    if name == "disc":
        pen.ellipse(at((0.06, 0.3), (0.66, 0.9)), fill=INK)
    elif name == "egg":
        pen.ellipse(at((0.38, 0.1), (0.78, 0.9)), fill=INK)
    elif name == "house":
        pen.polygon(at((0.1, 0.5), (0.4, 0.15), (0.7, 0.5)), fill=INK)
        pen.rectangle(at((0.18, 0.5), (0.62, 0.92)), fill=(170, 150, 130))
        pen.rectangle(at((0.34, 0.66), (0.46, 0.92)), fill=INK)
    elif name == "heart":
        pen.ellipse(at((0.3, 0.12), (0.62, 0.5)), fill=INK)
        pen.ellipse(at((0.58, 0.12), (0.9, 0.5)), fill=INK)
        pen.polygon(at((0.32, 0.4), (0.6, 0.2), (0.88, 0.4), (0.6, 0.88)), fill=INK)
    else:
        pen.polygon(
            at((0, 0.8), (0.3, 0.3), (0.55, 0.7), (0.75, 0.45), (1, 0.75), (1, 1), (0, 1)), INK
        )
    return image.resize((size, size), Image.Resampling.LANCZOS)


def draw_grid(base: Path, state: Path, path: Path, guidance: float, seed: int) -> None:
    """A column for each subject: the map, then the same seed at each weight."""
    maps = [canny(sketch(shape), Canny()).convert("RGB") for shape, _ in SUBJECTS]
    prompts = [prompt for _, prompt in SUBJECTS]
    rows = draw_weights(base, trained_controlnet(base, state), maps, prompts, guidance, seed)
    grids = [label_grid(maps, prompts)]
    grids += [
        label_grid(tiles, [f"{weight:g}"] * len(tiles))
        for weight, tiles in zip(WEIGHTS, rows, strict=True)
    ]
    whole = Image.new("RGB", (grids[0].width, sum(grid.height for grid in grids)))
    top = 0
    for grid in grids:
        whole.paste(grid, (0, top))
        top += grid.height
    whole.save(path)


def draw_weights(
    base: Path,
    network: ControlNetModel,
    maps: list[Image.Image],
    prompts: list[str],
    guidance: float,
    seed: int,
) -> list[list[Image.Image]]:
    """For each of WEIGHTS a picture of each map (DPM++ 2M Karras, one seed)."""
    pipeline: Any = StableDiffusionControlNetPipeline.from_pretrained(
        str(base), controlnet=network, dtype=torch.float32
    )
    pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return [
        pipeline(
            prompts,
            image=maps,
            controlnet_conditioning_scale=weight,
            num_inference_steps=STEPS,
            guidance_scale=guidance,
            generator=[torch.Generator().manual_seed(seed) for _ in prompts],
        ).images
        for weight in WEIGHTS
    ]


def alikeness(picture: Image.Image, shown: Image.Image) -> float:
    """How much the edges of a picture lie where a map has them: correlation, -1 to 1."""
    edges = [_soft(canny(picture.convert("RGB"), Canny())), _soft(shown.convert("L"))]
    if any(float(np.ptp(one)) == 0 for one in edges):
        return 0.0
    return float(np.corrcoef(edges[0].ravel(), edges[1].ravel())[0, 1])


def _soft(edges: Image.Image) -> np.ndarray:
    """Blurred, so that a line that is off by a pixel counts as near."""
    return cv2.GaussianBlur(np.asarray(edges, np.float32), (0, 0), 1.5)
