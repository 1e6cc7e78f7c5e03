"""Models that files define, drawn by the real worker: their LoRAs are always joined."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.test_adapters import Bench
from webui.core.offers import ModelInfo


@pytest.fixture
def bench(tiny, tmp_path) -> Bench:
    made = Bench(tiny, tmp_path)
    made.lora("style")
    return made


def defined(bench: Bench, *loras: tuple[str, float]) -> ModelInfo:
    return bench.info.model_copy(
        update={"id": "quick", "loras": loras, "definition": "/m/quick.easel.toml"}
    )


def draw(bench: Bench, info: ModelInfo, prompt: str = "a cat") -> np.ndarray:
    bench.runner._catalog.info = info  # pyright: ignore
    return bench.draw(prompt)[0]


def test_its_loras_are_joined_without_a_word(bench: Bench):
    plain = draw(bench, bench.info)
    quick = defined(bench, ("style", 0.5))
    joined = draw(bench, bench.info, "a cat <lora:style:0.5>")
    assert not np.array_equal(plain, joined)
    assert np.array_equal(draw(bench, quick), joined)
    assert np.array_equal(draw(bench, bench.info), plain), "and leave the base as it was"


def test_base_and_definition_share_the_weights_in_memory(bench: Bench):
    draw(bench, bench.info)
    loaded = bench.model
    draw(bench, defined(bench, ("style", 0.5)))
    assert bench.model is loaded


def test_the_prompts_own_weight_goes_before_the_files(bench: Bench):
    quick = defined(bench, ("style", 0.5))
    wanted = draw(bench, bench.info, "a cat <lora:style:0.9>")
    assert np.array_equal(draw(bench, quick, "a cat <lora:style:0.9>"), wanted)
    assert np.array_equal(draw(bench, quick, "a cat <lora:STYLE:0>"), draw(bench, bench.info))


def test_a_picture_says_the_definitions_name(bench: Bench):
    draw(bench, defined(bench, ("style", 0.5)))
    made, _ = bench.server.made[-1]
    assert "Model: quick" in made.infotext
