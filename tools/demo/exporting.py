"""A trained state as a model to use, and as a grid of pictures to judge."""

from __future__ import annotations

import json
import shutil
import tempfile
import textwrap
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from PIL import Image, ImageDraw, ImageFont
from safetensors.torch import load_file, save_file

from tools.demo.training import averaged_weights

WEIGHTS = {
    "unet": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
}
TILE = 128
LABEL = 28
AT_ONCE = 16


def export(base: Path, state: Path, folder: Path) -> None:
    """Write a copy of the base model with the trained weights, float16, to a new `folder`."""
    shutil.copytree(base, folder)
    trained = trained_weights(state)
    for part, name in WEIGHTS.items():
        path = folder / part / name
        weights = trained.get(part) or load_file(path)
        half = {key: weight.half().contiguous() for key, weight in weights.items()}
        path.unlink()
        save_file(half, path, metadata={"format": "pt"})
    preview = state / "preview.json"
    if preview.exists():
        card = json.loads((folder / "easel.json").read_text(encoding="utf-8"))
        card["preview"] = json.loads(preview.read_text(encoding="utf-8"))
        text = json.dumps(card, ensure_ascii=False, indent=2)
        (folder / "easel.json").write_text(text + "\n", encoding="utf-8")


def trained_weights(state: Path) -> dict[str, dict[str, torch.Tensor]]:
    """What the stages have trained so far; the decoder's autoencoder replaces the first one."""
    trained: dict[str, dict[str, torch.Tensor]] = {}
    own_vae = state / "vae" / WEIGHTS["vae"]
    if own_vae.exists():
        trained["vae"] = load_file(own_vae)
    for stage in ("unet", "decoder"):
        if (state / f"{stage}.pt").exists():
            trained |= averaged_weights(state / f"{stage}.pt")
    return trained


def draw_grid(
    base: Path, state: Path, prompts: list[str], path: Path, guidance: float, seed: int
) -> None:
    """A picture of each prompt (20 steps of DPM++ 2M Karras, one seed), with its words above."""
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary) / "model"
        export(base, state, model)
        tiles = draw_pictures(model, prompts, guidance, seed)
    label_grid(tiles, prompts).save(path)


def draw_pictures(model: Path, prompts: list[str], guidance: float, seed: int) -> list[Image.Image]:
    pipeline = StableDiffusionPipeline.from_pretrained(str(model), dtype=torch.float32)
    pipeline.to("cuda" if torch.cuda.is_available() else "cpu")
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True
    )
    pipeline.set_progress_bar_config(disable=True)
    tiles: list[Image.Image] = []
    for start in range(0, len(prompts), AT_ONCE):
        some = prompts[start : start + AT_ONCE]
        generators = [torch.Generator().manual_seed(seed) for _ in some]
        drawn = pipeline(
            some,
            height=TILE,
            width=TILE,
            num_inference_steps=20,
            guidance_scale=guidance,
            generator=generators,
        )
        tiles += drawn.images  # pyright: ignore[reportAttributeAccessIssue]
    return tiles


def label_grid(tiles: list[Image.Image], prompts: list[str]) -> Image.Image:
    columns = min(len(tiles), 10)
    rows = -(-len(tiles) // columns)
    grid = Image.new("RGB", (columns * (TILE + 6), rows * (TILE + LABEL + 4)), (245, 245, 245))
    draw = ImageDraw.Draw(grid)
    font = _font(11)
    for number, (tile, prompt) in enumerate(zip(tiles, prompts, strict=True)):
        x = number % columns * (TILE + 6) + 3
        y = number // columns * (TILE + LABEL + 4)
        lines = textwrap.wrap(prompt, 22)[:2]
        draw.multiline_text((x, y + 1), "\n".join(lines), fill=(20, 20, 20), font=font, spacing=1)
        grid.paste(tile, (x, y + LABEL))
    return grid


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of the system that has Polish letters; Pillow's own lacks some of them."""
    for name in ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
