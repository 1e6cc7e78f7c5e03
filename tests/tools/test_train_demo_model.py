"""The stages of the demo model's training, for a few real steps on a tiny model."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

pytest.importorskip("tokenizers", reason="the extra `train` is not installed")

from tests.tools.tiny import tiny_base, tiny_composer
from tools.demo.autoencoder_stage import encode_all, latent_layers, to_pixels, whiten
from tools.demo.dataset import load_latents, load_pictures, write_dataset
from tools.demo.exporting import WEIGHTS
from tools.demo.networks import SCALING, load_vae
from tools.demo.training import averaged_weights
from tools.train_demo_model import main

ROOT = Path(__file__).parents[2]
UNET = ["unet", "--batch", "2", "--steps", "5"]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with data, latents and a tiny model."""
    state = tmp_path_factory.mktemp("ready")
    torch.manual_seed(0)
    write_dataset(tiny_composer(), state / "data")
    tiny_base(state)
    main(["encode", "--state", str(state)])
    return state


@pytest.fixture
def state(ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready, tmp_path / "state"))


@torch.no_grad()
def decoded(vae: Any, latents: Tensor) -> Tensor:
    return vae.decode(latents).sample


def test_encode_writes_scaled_latents(state: Path) -> None:
    pictures, latents = load_pictures(state / "data"), load_latents(state / "data")
    vae = load_vae(state / "base" / "vae")
    assert latents.shape == (len(pictures), 4, 16, 16)
    wanted = encode_all(vae, pictures[3:4]) * SCALING
    np.testing.assert_allclose(latents[3:4], wanted.numpy(), rtol=2e-3, atol=1e-4)


@torch.no_grad()
def spread(vae: Any, pictures: np.ndarray) -> Tensor:
    posterior = vae.encode(to_pixels(pictures).cpu()).latent_dist
    return posterior.std / posterior.mean.std((0, 2, 3), keepdim=True)


def test_whitening_evens_the_latents_and_keeps_the_pictures(state: Path) -> None:
    pictures = load_pictures(state / "data")
    vae = load_vae(state / "base" / "vae")
    relative_spread = spread(vae, pictures)
    before = decoded(vae, encode_all(vae, pictures))
    whiten(vae, encode_all(vae, pictures))
    latents = encode_all(vae, pictures) * SCALING
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), rtol=0, atol=1e-3)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), rtol=1e-3, atol=0)
    torch.testing.assert_close(decoded(vae, latents / SCALING), before, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(spread(vae, pictures), relative_spread, rtol=1e-3, atol=0)


def test_a_resumed_training_ends_as_an_uninterrupted_one(state: Path) -> None:
    main([*UNET, "--state", str(state)])
    whole = averaged_weights(state / "unet.pt")
    (state / "unet.pt").unlink()
    main([*UNET, "--state", str(state), "--minutes", "0"])
    main([*UNET, "--state", str(state), "--resume"])
    torch.testing.assert_close(averaged_weights(state / "unet.pt"), whole, rtol=0, atol=0)


def test_a_killed_training_goes_on(state: Path) -> None:
    script = [sys.executable, str(ROOT / "tools" / "train_demo_model.py")]
    endless = ["unet", "--batch", "2", "--steps", "100000", "--save-minutes", "0"]
    process = subprocess.Popen(
        [*script, *endless, "--state", str(state)],
        cwd=state,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    try:
        until = time.monotonic() + 120
        while not (state / "unet.pt").exists():
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    step = torch.load(state / "unet.pt", weights_only=True)["step"]
    killed = averaged_weights(state / "unet.pt")["unet"]
    assert step >= 1
    main(["unet", "--batch", "2", "--steps", str(step + 2), "--state", str(state), "--resume"])
    assert torch.load(state / "unet.pt", weights_only=True)["step"] == step + 2
    weights = averaged_weights(state / "unet.pt")["unet"]
    assert all(weight.isfinite().all() for weight in weights.values())
    assert any((weights[key] != killed[key]).any() for key in weights)


def test_a_training_is_not_begun_over_another(state: Path) -> None:
    (state / "unet.pt").write_bytes(b"hours of work")
    with pytest.raises(SystemExit, match="--resume"):
        main([*UNET, "--state", str(state)])
    assert (state / "unet.pt").read_bytes() == b"hours of work"


def test_the_decoder_learns_and_the_latents_stay(state: Path) -> None:
    main(["decoder", "--batch", "2", "--steps", "3", "--rate", "0.01", "--state", str(state)])
    base, trained = load_vae(state / "base" / "vae"), load_vae(state / "base" / "vae")
    trained.load_state_dict(averaged_weights(state / "decoder.pt")["vae"])
    for part in ("encoder", "quant_conv"):
        old, new = getattr(base, part).state_dict(), getattr(trained, part).state_dict()
        torch.testing.assert_close(new, old, rtol=0, atol=0)
    assert (trained.decoder.conv_out.weight != base.decoder.conv_out.weight).any()
    assert (latent_layers(trained)[1].weight != latent_layers(base)[1].weight).any()


def test_every_stage_ends_in_the_export(state: Path, tmp_path: Path) -> None:
    for stage in ("vae", "encode", "unet", "decoder"):
        short = [] if stage == "encode" else ["--batch", "2", "--steps", "2"]
        main([stage, *short, "--state", str(state)])
    main(["export", str(tmp_path / "model"), "--state", str(state)])
    pipeline = StableDiffusionPipeline.from_pretrained(str(tmp_path / "model"), dtype=torch.float16)
    averages = {"unet": "unet", "text_encoder": "unet", "vae": "decoder"}
    for part, stage in averages.items():
        exported = load_file(tmp_path / "model" / part / WEIGHTS[part])
        wanted = averaged_weights(state / f"{stage}.pt")[part]
        wanted = {name: weight.half() for name, weight in wanted.items()}
        torch.testing.assert_close(exported, wanted, rtol=0, atol=0)
        torch.testing.assert_close(getattr(pipeline, part).state_dict(), wanted, rtol=0, atol=0)
    encoder = load_vae(state / "vae").encoder.state_dict()
    torch.testing.assert_close(
        pipeline.vae.encoder.float().state_dict(), encoder, rtol=2e-3, atol=1e-6
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:diffusers")
def test_the_grid_shows_the_prompts(state: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a ball\npudełko\na blue ball", encoding="utf-8")
    main(["grid", str(tmp_path / "grid.png"), "--prompts", str(prompts), "--state", str(state)])
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == (3 * 134, 160)
        assert len(grid.crop((0, 30, 134, 150)).getcolors(20_000) or []) > 100
