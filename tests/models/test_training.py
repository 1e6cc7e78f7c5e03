import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.checkpoints import write_weights
from tests.models.families.drawing import load, same
from tests.tiny import Tiny, write_tiny
from webui.core.offers import ModelCard, ModelInfo
from webui.models.families.sd2 import SD2
from webui.models.training import VELOCITY, predicts_velocity, told

NOISE = {"prediction_type": "epsilon"}
SNR = {"rescale_betas_zero_snr": True}


def info(path: Path, **card: object) -> ModelInfo:
    return ModelInfo(
        id="a", path=str(path), format="safetensors", card=ModelCard.model_validate(card)
    )


def test_most_files_tell_nothing(tmp_path):
    assert told(info(write_weights(tmp_path / "a.safetensors", {"a": (1,)}))) == {}


@pytest.mark.parametrize(
    ("marks", "config"),
    [(["v_pred"], VELOCITY), (["v_pred", "ztsnr"], VELOCITY | SNR), (["ztsnr"], SNR)],
)
def test_marks_among_the_weights(tmp_path, marks, config):
    path = write_weights(tmp_path / "a.safetensors", {"a": (1,), **dict.fromkeys(marks, (0,))})
    assert told(info(path)) == config


@pytest.mark.parametrize(
    ("said", "config"),
    [("v", VELOCITY), ("v_prediction", VELOCITY), ("epsilon", NOISE), ("eps", NOISE), ("?", {})],
)
def test_metadata(tmp_path, said, config):
    metadata = {"modelspec.prediction_type": said}
    path = write_weights(tmp_path / "a.safetensors", {"a": (1,)}, metadata=metadata)
    assert told(info(path)) == config


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ('model:\n  params:\n    parameterization: "v"\n    linear_start: 0.00085', VELOCITY),
        ("model:\n  params:\n    parameterization: v # velocity\r\n", VELOCITY),
        ("parameterization: 'eps'", NOISE),
        ("parameterization: x0", {}),
        ("# parameterization: v", {}),
        ("", {}),
        ("\0\ud800 no yaml", {}),
    ],
)
def test_a_config_of_a1111_beside_the_file(tmp_path, text, config):
    path = write_weights(tmp_path / "a.b.safetensors", {"a": (1,)})
    (tmp_path / "a.b.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert told(info(path)) == config


def test_what_counts_more(tmp_path):
    metadata = {"modelspec.prediction_type": "epsilon"}
    path = write_weights(tmp_path / "b.safetensors", {"a": (1,)}, metadata=metadata)
    (tmp_path / "b.yaml").write_text("parameterization: v")
    assert told(info(path)) == VELOCITY
    path = write_weights(tmp_path / "a.safetensors", {"v_pred": (0,), "ztsnr": (0,)})
    (tmp_path / "a.yaml").write_text("parameterization: eps")
    assert told(info(path)) == VELOCITY | SNR
    card = {"prediction": "epsilon", "zero_terminal_snr": False}
    assert told(info(path, **card)) == NOISE | {"rescale_betas_zero_snr": False}


@pytest.fixture(scope="module")
def tiny2(tmp_path_factory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp("tiny2"), seed=2, family="sd2")


def like_a_trained_one(tiny: Tiny, folder: Path, bias: float) -> Tiny:
    """A copy whose network puts out about `bias` more, in the file and in the folder."""
    copy = Tiny(shutil.copytree(tiny.folder, folder / "tiny"), folder / "a.safetensors", "sd2")
    weights = copy.folder / "unet" / "diffusion_pytorch_model.safetensors"
    for path, source, name in (
        (copy.file, tiny.file, "model.diffusion_model.out.2.bias"),
        (weights, weights, "conv_out.bias"),
    ):
        tensors = load_file(source)
        tensors[name] = tensors[name] + bias
        save_file(tensors, path)
    return copy


@torch.inference_mode()
def test_a_network_is_tried_where_nothing_tells(tiny2, tmp_path):
    """One that gives its input (0.5) back predicts noise, one far below it the velocity."""
    for number, (bias, velocity) in enumerate(((0.5, False), (-2.0, True))):
        copy = like_a_trained_one(tiny2, tmp_path / str(number), bias)
        model = load(SD2(copy.folder), copy.file_info)
        assert predicts_velocity(model.unet) is velocity
        config = copy.folder / "scheduler" / "scheduler_config.json"
        values = json.loads(config.read_text()) | (VELOCITY if velocity else NOISE)
        config.write_text(json.dumps(values))
        same(model, load(SD2(), copy.folder_info))
        told_otherwise = copy.file_info.card.model_copy(update={"prediction": "epsilon"})
        info = copy.file_info.model_copy(update={"card": told_otherwise})
        silenced = load(SD2(copy.folder), info)
        assert silenced._prediction.target == "epsilon", "what is told counts more than the trial"


def test_networks_with_more_channels_predict_noise(tmp_path):
    tiny = write_tiny(tmp_path, seed=2, family="sd2", in_channels=9)
    model = load(SD2(), tiny.folder_info)
    model.unet.conv_out.bias.data -= 5
    assert not predicts_velocity(model.unet)
