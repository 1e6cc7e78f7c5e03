"""Maps by networks of transformers, on tiny random ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from tests.extensions.control import loaded, module, picture
from webui.core.errors import UnknownId, UserError
from webui.core.participants import ModelFile, Services

KINDS = 5


def made(name: str, services: Services, image: Image.Image, **options: object) -> np.ndarray:
    (one,) = [one for one in loaded().preprocessors() if one.name == name]
    assert one.networks and one.options
    return np.asarray(one.function(image, one.options(**options), services))


def test_near_is_light_and_the_whole_range_is_used() -> None:
    asked: list[tuple[Any, ...]] = []

    def depth(name: str, levels: Any, metric: bool) -> Any:
        asked.append((name, levels.shape, metric))
        return np.linspace(3, 7, 64 * 48, dtype=np.float32).reshape(48, 64)

    image = picture().resize((64, 48))
    shown = made("depth_estimated", Services(depth=depth), image, network="small")
    assert asked == [("small", (48, 64, 3), False)]
    assert (shown.shape, shown.min(), shown.max()) == ((48, 64), 0, 255)
    assert (np.diff(shown.ravel().astype(int)) >= 0).all()


def test_a_plane_is_dark_and_no_network_is_told() -> None:
    flat = Services(depth=lambda name, levels, metric: np.ones(levels.shape[:2], np.float32))
    assert not made("depth_estimated", flat, picture()).any()
    with pytest.raises(UserError, match="download depth-anything-v2-small"):
        made("depth_estimated", Services(depth=lambda *asked: None), picture())


@pytest.fixture
def segmenter(tmp_path: Path) -> Path:
    """A tiny network whose answer for a pixel depends on what it shows."""
    torch.manual_seed(0)
    config = SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 8],
        patch_sizes=[3, 3], strides=[2, 2], num_attention_heads=[1, 1], mlp_ratios=[2, 2],
        decoder_hidden_size=8, id2label={kind: str(kind) for kind in range(KINDS)},
    )  # fmt: skip
    folder = tmp_path / "segmentation"
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def shelf(folder: Path) -> Services:
    def model(kind: str, name: str) -> ModelFile:
        path = folder.parent / name / "model.safetensors"
        if kind != "annotator" or not path.exists():
            raise UnknownId("file_unknown", name=name, kind=kind)
        return ModelFile(name, path, "safetensors")

    return Services(model=model, kept=lambda key, make: make(), device="cpu")


def test_each_kind_of_thing_has_a_colour_of_its_own(segmenter: Path) -> None:
    image = picture().resize((64, 48))
    shown = made("segmentation", shelf(segmenter), image)
    assert shown.shape == (48, 64, 3)
    classes = module("estimators").Segmenter(segmenter, "cpu").classes(image)
    palette = module("estimators").colours(KINDS)
    assert (shown == palette[classes]).all()
    assert len(np.unique(classes)) > 1


def test_colours_differ_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    estimators = module("estimators")
    assert len({tuple(one) for one in estimators.colours(1000)}) == 1000
    monkeypatch.setattr(estimators, "_ade_colours", lambda: [[1, 2, 3], [4, 5, 6]])
    assert estimators.colours(2).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_what_is_missing_or_no_network_is_told(segmenter: Path) -> None:
    with pytest.raises(UserError, match="no network none in models/annotators"):
        made("segmentation", shelf(segmenter), picture(), network="none")
    (segmenter / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="segmentation cannot use segmentation"):
        made("segmentation", shelf(segmenter), picture())
