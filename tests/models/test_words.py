from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPSegProcessor,
    CLIPTokenizerFast,
    ViTImageProcessor,
)

from tests.tiny import TOKENIZER
from webui.core.errors import UserError
from webui.models.words import WordFinder


def write_clipseg(folder: Path) -> Path:
    """A tiny random CLIPSeg, as transformers saves it."""
    torch.manual_seed(5)
    tokenizer = CLIPTokenizerFast.from_pretrained(TOKENIZER)
    sizes = {
        "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
        "intermediate_size": 32,
    }  # fmt: skip
    config = CLIPSegConfig(
        text_config={
            **sizes, "vocab_size": len(tokenizer), "max_position_embeddings": 77,
            "eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id,
        },
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        projection_dim=16, reduce_dim=8, extract_layers=[0, 1, 2], decoder_num_attention_heads=2,
        decoder_intermediate_size=16,
    )  # fmt: skip
    model = CLIPSegForImageSegmentation(config)
    for weight in model.decoder.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    processor = CLIPSegProcessor(ViTImageProcessor(size={"height": 32, "width": 32}), tokenizer)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


LEVELS = np.asarray(
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (6, 8, 3), np.uint8)).resize((80, 64))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_clipseg(tmp_path_factory.mktemp("seg") / "net")


def test_it_sees_what_transformers_own_code_does(folder):
    model = CLIPSegForImageSegmentation.from_pretrained(folder).eval()
    processor = CLIPSegProcessor.from_pretrained(folder)
    given = processor(text=["a cat"], images=[Image.fromarray(LEVELS)], return_tensors="pt")
    with torch.inference_mode():
        logits = model(**given).logits
    sure = torch.sigmoid(logits).reshape(1, 1, *logits.shape[-2:])
    wanted = torch.nn.functional.interpolate(sure, (64, 80), mode="bilinear")[0, 0].numpy()
    finder = WordFinder.open(folder, "cpu")
    found = finder.seen("a cat", LEVELS)
    assert found.shape == (64, 80) and np.allclose(found, wanted, atol=1e-6)
    scaled = (wanted - wanted.min()) / np.ptp(wanted)
    assert np.array_equal(np.asarray(finder.mask("a cat", LEVELS)) > 0, scaled > 100 / 255)
    assert not np.array_equal(found, finder.seen("the sky", LEVELS))


def test_where_it_is_as_sure_everywhere_nothing_is_found(folder, monkeypatch):
    finder = WordFinder.open(folder, "cpu")
    even = np.full((64, 80), 0.7, np.float32)
    monkeypatch.setattr(finder, "seen", lambda words, levels: even)
    mask = finder.mask("x", LEVELS)
    assert mask.size == (80, 64) and mask.getbbox() is None


def test_what_is_none_is_named(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text('{"model_type": "clipseg"}')
    with pytest.raises(UserError, match="net cannot be read as a CLIPSeg"):
        WordFinder.open(tmp_path / "net", "cpu")
