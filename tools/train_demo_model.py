"""Trains the demo model on the data set of `build_demo_dataset.py`, in stages.

    python tools/train_demo_model.py encode                  latents of all pictures
    python tools/train_demo_model.py decoder --minutes 30    a sharper decoder, same latents
    python tools/train_demo_model.py unet --resume           UNet and text encoder
    python tools/train_demo_model.py grid grid.png           look at it, any time
    python tools/train_demo_model.py export DIR              the float16 model, any time

It goes on from the shipped model. `new` first makes one with random weights instead, which then
needs `vae`, `encode`, `unet` and `decoder` in this order. Every training saves itself
every few minutes and when it is told to stop (SIGTERM, Ctrl+C); `--resume` goes on from there.
`--steps` is the whole plan: the learning rate falls over its last quarter. `--minutes` only ends
one run. A graphics card is used when there is one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.demo.autoencoder_stage import (
    decoder_loss,
    decoder_trainer,
    encode_stage,
    vae_loss,
    vae_trainer,
)
from tools.demo.dataset import Captions
from tools.demo.diffusion_stage import unet_loss, unet_trainer
from tools.demo.exporting import draw_grid, export
from tools.demo.networks import make_base
from tools.demo.state import BASE, default_state
from tools.demo.training import Limits, Plan
from tools.demo.vocabulary import train_tokenizer

PROMPTS = Path(__file__).parent / "demo" / "prompts.txt"
STAGES = {  # steps, pictures a step, learning rate
    "vae": (12_000, 16, 1e-3),
    "decoder": (12_000, 16, 5e-4),
    "unet": (100_000, 24, 6e-4),
}


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    state: Path = options.state
    base = options.base or (state / "base" if (state / "base").exists() else BASE)
    if options.command in STAGES:
        train(base, options)
    elif options.command == "new":
        texts = [text for some in Captions.load(state / "data").texts for text in some]
        make_base(state / "base", train_tokenizer(texts, state / "tokenizer"))
    elif options.command == "encode":
        encode_stage(base, state)
    elif options.command == "export":
        export(base, state, options.folder)
    else:
        lines = options.prompts.read_text(encoding="utf-8").splitlines()
        draw_grid(base, state, lines, options.picture, options.guidance, options.seed)


def train(base: Path, options: argparse.Namespace) -> None:
    """Run one stage until its plan, the time or a signal ends it."""
    state: Path = options.state
    data = state / "data"
    plan = Plan(steps=options.steps, learning_rate=options.rate, seed=options.seed)
    vae = state / "vae" if (state / "vae").exists() else base / "vae"
    if options.command == "unet":
        trainer = unet_trainer(base, state, plan)
        loss = unet_loss(trainer, base, data, options.batch)
    elif options.command == "vae":
        trainer = vae_trainer(base / "vae", state, plan)
        loss = vae_loss(trainer, data, options.batch)
    else:
        trainer = decoder_trainer(vae, state, plan)
        loss = decoder_loss(trainer, data, options.batch)
    if options.resume:
        trainer.resume()
    elif trainer.path.exists():
        raise SystemExit(f"{trainer.path} exists: go on with --resume, or move it away")
    trainer.run(loss, Limits(options.minutes, options.save_minutes))


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--state", type=Path, default=default_state(), help="where all is kept")
    shared.add_argument("--base", type=Path, help="the model to go on from, a diffusers folder")
    shared.add_argument("--seed", type=int, default=0)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("new", "encode"):
        commands.add_parser(name, parents=[shared])
    for name, (steps, batch, rate) in STAGES.items():
        stage = commands.add_parser(name, parents=[shared])
        stage.add_argument("--resume", action="store_true", help="go on from the saved training")
        stage.add_argument("--steps", type=int, default=steps, help="the whole plan")
        stage.add_argument("--minutes", type=float, help="stop and save after this time")
        stage.add_argument("--save-minutes", type=float, default=5.0)
        stage.add_argument("--batch", type=int, default=batch, help="pictures a step")
        stage.add_argument("--rate", type=float, default=rate, help="the highest learning rate")
    commands.add_parser("export", parents=[shared]).add_argument("folder", type=Path)
    grid = commands.add_parser("grid", parents=[shared])
    grid.add_argument("picture", type=Path, help="the PNG or WebP to write")
    grid.add_argument("--prompts", type=Path, default=PROMPTS, help="a text file, one a line")
    grid.add_argument("--guidance", type=float, default=4.0)
    return parser


if __name__ == "__main__":
    main()
