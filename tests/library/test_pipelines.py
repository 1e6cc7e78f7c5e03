"""Other pipelines of diffusers: which are taken for ones that draw from text, and whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from webui.core.errors import UserError
from webui.library.pipelines import GENERIC, draws_from_text
from webui.library.recognition import recognise_folder


@pytest.mark.parametrize(
    ("kind", "draws"),
    [
        ("PixArtAlphaPipeline", True),
        ("PixArtSigmaPipeline", True),
        ("AuraFlowPipeline", True),
        ("Lumina2Pipeline", True),
        ("QwenImagePipeline", True),
        ("ZImagePipeline", True),
        ("ChromaPipeline", True),
        ("SanaPipeline", True),
        ("HunyuanDiTPipeline", True),
        ("QwenImageEditPipeline", False),
        ("WanPipeline", False),
        ("HunyuanVideoPipeline", False),
        ("StableAudioPipeline", False),
        ("PixArt", False),
    ],
)
def test_names(kind, draws):
    assert draws_from_text(kind) == draws


def write(folder: Path, side: object = 64) -> Path:
    for part in ("transformer", "scheduler"):
        (folder / part).mkdir(parents=True)
    write_weights(folder / "transformer" / "diffusion_pytorch_model.safetensors", {"a": (1,)})
    (folder / "transformer" / "config.json").write_text(json.dumps({"sample_size": side}))
    index = {
        "_class_name": "SanaPipeline",
        "_diffusers_version": "0.42.1",
        "transformer": ["diffusers", "SanaTransformer2DModel"],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.mark.parametrize(("side", "pixels"), [(64, 512), (None, 1024), ("x", 1024), (9999, 1024)])
def test_a_folder(tmp_path, side, pixels):
    kind = recognise_folder(write(tmp_path / "s", side))
    assert (kind.family, kind.variant) == (GENERIC, None)
    assert (kind.card.width, kind.card.height) == (pixels, pixels)


def test_a_part_that_is_missing_or_damaged_is_named(tmp_path):
    folder = write(tmp_path / "s")
    (folder / "scheduler").rmdir()
    with pytest.raises(UserError, match="scheduler"):
        recognise_folder(folder)
    (folder / "scheduler").mkdir()
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UserError, match="s/transformer/diffusion_pytorch_model"):
        recognise_folder(folder)
