"""The script that trains the demo model's ControlNet, on a tiny model."""

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

pytest.importorskip("tokenizers", reason="the extra `train` is not installed")

from tests.tools.tiny import tiny_base, tiny_composer
from tools.demo.controlnet_grid import SUBJECTS, WEIGHTS
from tools.demo.dataset import write_dataset
from tools.demo.training import averaged_weights
from tools.train_demo_controlnet import main
from tools.train_demo_model import main as train_model


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("ready")
    torch.manual_seed(0)
    write_dataset(tiny_composer(), state / "data")
    tiny_base(state)
    train_model(["encode", "--state", str(state)])
    return state


@pytest.fixture
def state(ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready, tmp_path / "state"))


def train(state: Path, *more: str) -> None:
    place = ["--state", str(state), "--base", str(state / "base")]
    main(["train", "--batch", "2", "--steps", "4", *place, *more])


def test_a_resumed_training_ends_as_an_uninterrupted_one(state: Path) -> None:
    train(state)
    whole = averaged_weights(state / "controlnet.pt")
    (state / "controlnet.pt").unlink()
    train(state, "--minutes", "0")
    train(state, "--resume")
    torch.testing.assert_close(averaged_weights(state / "controlnet.pt"), whole, rtol=0, atol=0)


def test_a_training_is_not_begun_over_another(state: Path) -> None:
    (state / "controlnet.pt").write_bytes(b"hours of work")
    with pytest.raises(SystemExit, match="--resume"):
        train(state)
    assert (state / "controlnet.pt").read_bytes() == b"hours of work"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:diffusers")
def test_the_grid_has_a_row_for_each_weight(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.demo.controlnet_grid.STEPS", 2)
    train(state, "--minutes", "0")
    place = ["--state", str(state), "--base", str(state / "base")]
    main(["grid", str(tmp_path / "grid.png"), *place])
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.size == (len(SUBJECTS) * 134, (1 + len(WEIGHTS)) * 160)
