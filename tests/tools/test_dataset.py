"""The demo model's data set on disk."""

from pathlib import Path

import numpy as np
import pytest

from tests.tools.tiny import tiny_composer
from tools.demo.dataset import Captions, Sampler, load_latents, load_pictures, write_dataset
from tools.demo.words import Kind


def test_what_is_written_is_read(tmp_path: Path) -> None:
    composer = tiny_composer()
    count = write_dataset(composer, tmp_path)
    pictures, captions = load_pictures(tmp_path), Captions.load(tmp_path)
    samples = list(composer.samples())
    assert len(pictures) == len(captions.texts) == len(captions.kinds) == count == len(samples)
    assert np.array_equal(pictures[-1], np.asarray(samples[-1].image))
    assert captions.texts[-1] == samples[-1].captions
    assert captions.kinds[-1] == samples[-1].kind


def test_missing_latents_say_which_stage_makes_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="encode"):
        load_latents(tmp_path)


def test_the_sampler_follows_the_shares() -> None:
    shares = {
        "a": Kind(count=1, first=0.9, last=0.2),
        "b": Kind(count=1, first=0.1, last=0.8),
        "absent": Kind(count=0, first=1.0, last=1.0),
    }
    sampler = Sampler(Captions([[]] * 30, ["a"] * 10 + ["b"] * 20, shares))
    for progress, wanted in ((0.0, 0.1), (1.0, 0.8)):
        numbers = sampler.draw(4000, progress, np.random.default_rng(0))
        assert (numbers >= 10).mean() == pytest.approx(wanted, abs=0.03)
        assert set(numbers[numbers < 10]) == set(range(10))
