from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    DepthAnythingConfig,
    DepthAnythingForDepthEstimation,
    Dinov2Config,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessor,
    pipeline,
)

from webui.core.errors import UserError
from webui.library.kinds import recognised_by_shapes
from webui.models.depth import DepthEstimator


def write_depth(folder: Path, kind: str = "anything", **more) -> Path:
    """A tiny random network of depth, as transformers saves it."""
    torch.manual_seed(5)
    sizes = {
        "hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2,
        "intermediate_size": 32,
    }  # fmt: skip
    neck = {"neck_hidden_sizes": [8, 8, 16, 16], "fusion_hidden_size": 8}
    if kind == "anything":
        backbone = Dinov2Config(
            **sizes, image_size=28, patch_size=14, out_indices=[1, 2, 3, 4],
            reshape_hidden_states=False, apply_layernorm=True,
        )  # fmt: skip
        config = DepthAnythingConfig(
            backbone_config=backbone, reassemble_hidden_size=16, head_hidden_size=4,
            patch_size=14, **neck, **more,
        )  # fmt: skip
        model, multiple = DepthAnythingForDepthEstimation(config), 14
    else:
        config = DPTConfig(
            **sizes, **neck, image_size=32, patch_size=8, backbone_out_indices=[0, 1, 2, 3],
            is_hybrid=False, **more,
        )  # fmt: skip
        model, multiple = DPTForDepthEstimation(config), 8
    side = multiple * 4
    processor = DPTImageProcessor(
        size={"height": side, "width": side}, ensure_multiple_of=multiple, keep_aspect_ratio=False
    )
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture
def levels() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 256, (8, 10, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((80, 64), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("kind", ["anything", "dpt"])
def test_the_depth_is_that_of_transformers(tmp_path, levels, kind):
    folder = write_depth(tmp_path / "net", kind)
    made = DepthEstimator.open(folder, "cpu").nearness(levels)
    oracle = pipeline("depth-estimation", model=str(folder), device="cpu")
    wanted = oracle(Image.fromarray(levels))["predicted_depth"].numpy()
    assert made.shape == levels.shape[:2]
    assert np.allclose(made, wanted, atol=1e-5)


def test_numbers_of_a_metric_network_are_turned_round(tmp_path, levels):
    folder = write_depth(tmp_path / "net", depth_estimation_type="metric", max_depth=20)
    network = DepthEstimator.open(folder, "cpu")
    assert network.metric
    near, far = network.nearness(levels), network.distance(levels)
    assert np.allclose(near, 1 / np.maximum(far, 1e-6))
    relative = DepthEstimator.open(write_depth(tmp_path / "other"), "cpu")
    near, far = relative.nearness(levels), relative.distance(levels)
    assert np.unravel_index(near.argmax(), near.shape) == np.unravel_index(far.argmin(), far.shape)


def test_it_is_told_by_its_weights(tmp_path):
    for kind in ("anything", "dpt"):
        network = DepthEstimator.open(write_depth(tmp_path / kind, kind), "cpu")
        state = network._model.state_dict()
        shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
        assert recognised_by_shapes(shapes).kind == "depth"


@pytest.mark.parametrize("broken", ["empty", "config", "weights"])
def test_what_is_no_network_of_depth(tmp_path, broken):
    folder = tmp_path / "net"
    if broken == "empty":
        folder.mkdir()
    else:
        write_depth(folder)
        if broken == "config":
            (folder / "config.json").write_text('{"model_type": "bert"}')
        else:
            (folder / "model.safetensors").write_bytes(b"\0" * 9)
    with pytest.raises(UserError, match="net"):
        DepthEstimator.open(folder, "cpu")
