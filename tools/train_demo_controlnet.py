"""Trains the ControlNet of the demo model on the data set of `build_demo_dataset.py`.

    python tools/train_demo_model.py encode                     latents of all pictures, first
    python tools/train_demo_controlnet.py train --resume        as long as it is let
    python tools/train_demo_controlnet.py grid grid.png         look at it, any time
    python tools/train_demo_controlnet.py export DIR            the float16 network, any time

It saves itself every few minutes and when it is told to stop (SIGTERM, Ctrl+C); `--resume` goes
on from there. `--steps` is the whole plan: the learning rate falls over its last quarter.
`--minutes` only ends one run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.demo.controlnet_grid import draw_grid
from tools.demo.controlnet_stage import controlnet_loss, controlnet_trainer, export_controlnet
from tools.demo.state import BASE, CONTROLNET, default_state
from tools.demo.training import Limits, Plan

STEPS, BATCH, RATE = 12_000, 12, 1e-3


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    if options.command == "train":
        train(options)
    elif options.command == "export":
        export_controlnet(options.base, options.state, CONTROLNET, options.folder)
    else:
        draw_grid(options.base, options.state, options.picture, options.guidance, options.seed)


def train(options: argparse.Namespace) -> None:
    """Train until the plan, the time or a signal ends it."""
    plan = Plan(steps=options.steps, learning_rate=options.rate, seed=options.seed)
    trainer = controlnet_trainer(options.base, options.state, plan)
    if options.resume:
        trainer.resume()
    elif trainer.path.exists():
        raise SystemExit(f"{trainer.path} exists: go on with --resume, or move it away")
    loss = controlnet_loss(trainer, options.base, options.state / "data", options.batch)
    trainer.run(loss, Limits(options.minutes, options.save_minutes))


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--state", type=Path, default=default_state(), help="where all is kept")
    shared.add_argument("--base", type=Path, default=BASE, help="the model that is led")
    shared.add_argument("--seed", type=int, default=0)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    stage = commands.add_parser("train", parents=[shared])
    stage.add_argument("--resume", action="store_true", help="go on from the saved training")
    stage.add_argument("--steps", type=int, default=STEPS, help="the whole plan")
    stage.add_argument("--minutes", type=float, help="stop and save after this time")
    stage.add_argument("--save-minutes", type=float, default=5.0)
    stage.add_argument("--batch", type=int, default=BATCH, help="pictures a step")
    stage.add_argument("--rate", type=float, default=RATE, help="the highest learning rate")
    commands.add_parser("export", parents=[shared]).add_argument("folder", type=Path)
    grid = commands.add_parser("grid", parents=[shared])
    grid.add_argument("picture", type=Path, help="the PNG or WebP to write")
    grid.add_argument("--guidance", type=float, default=4.0)
    return parser


if __name__ == "__main__":
    main()
