"""What the ControlNet of the demo model is shown and learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from safetensors.torch import load_file

pytest.importorskip("tokenizers", reason="the extra `train` is not installed")

from tests.tools.tiny import tiny_base, tiny_composer
from tools.demo.controlnet_stage import (
    NAME,
    controlnet_loss,
    controlnet_trainer,
    draw_maps,
    export_controlnet,
    trained_controlnet,
)
from tools.demo.dataset import write_dataset
from tools.demo.training import Limits, Plan, averaged_weights
from tools.train_demo_model import main as train_model
from webui.library.kinds import Recognised, recognised
from webui.library.weights import read_header

PLAN = Plan(steps=3, learning_rate=0.01)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with data, latents and a tiny model."""
    state = tmp_path_factory.mktemp("state")
    torch.manual_seed(0)
    write_dataset(tiny_composer(), state / "data")
    tiny_base(state)
    train_model(["encode", "--state", str(state)])
    return state


def test_maps_are_the_edges_of_each_picture() -> None:
    pictures = np.zeros((2, 64, 64, 3), np.uint8)
    pictures[1, 16:48, 16:48] = 255
    maps = draw_maps(pictures, np.random.default_rng(0))
    assert maps.shape == (2, 3, 64, 64)
    assert maps[0].sum() == 0
    assert set(maps[1].unique().tolist()) == {0.0, 1.0}
    assert maps[1, :, 24:40, 24:40].sum() == 0
    assert maps[1, 0, 14:18, 32].sum() >= 1


def test_an_untrained_network_leaves_the_model_as_it_is(state: Path) -> None:
    trainer = controlnet_trainer(state / "base", state / "fresh", PLAN)
    shown = torch.rand(1, 3, 128, 128)
    down, middle = trainer.networks[NAME](
        torch.randn(1, 4, 16, 16), 500, torch.randn(1, 77, 192), shown, return_dict=False
    )
    assert all(not layer.any() for layer in [*down, middle])


def test_it_learns_and_the_model_stays(state: Path, tmp_path: Path) -> None:
    before = load_file(state / "base" / "unet" / "diffusion_pytorch_model.safetensors")
    trainer = controlnet_trainer(state / "base", state, PLAN)
    trainer.run(controlnet_loss(trainer, state / "base", state / "data", 2), Limits())
    after = load_file(state / "base" / "unet" / "diffusion_pytorch_model.safetensors")
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    network = trained_controlnet(state / "base", state)
    assert network.controlnet_mid_block.weight.any()
    assert not network.training
    card = tmp_path / "card"
    card.mkdir()
    (card / "README.md").write_text("what it is", encoding="utf-8")
    export_controlnet(state / "base", state, card, tmp_path / "out")
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8") == "what it is"
    opened = ControlNetModel.from_pretrained(str(tmp_path / "out"), dtype=torch.float16)
    wanted = {
        name: weight.half()
        for name, weight in averaged_weights(state / "controlnet.pt")[NAME].items()
    }
    torch.testing.assert_close(opened.state_dict(), wanted, rtol=0, atol=0)
    header = read_header(tmp_path / "out" / "diffusion_pytorch_model.safetensors", "out")
    assert recognised(header) == Recognised("controlnet", "sd1")
