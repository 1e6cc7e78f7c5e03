"""Noise equals A1111's, and a picture's noise is its own."""

import json

import numpy as np
import pytest
import torch

from tests.golden import golden
from webui.engine.noise import Generator, NoiseSource, slerp

LATENTS = torch.zeros(1, 4, 8, 8)


@pytest.fixture(scope="module")
def reference():
    with np.load(golden("a1111/rng.npz"), allow_pickle=False) as arrays:
        return json.loads(str(arrays["meta"])), {name: arrays[name] for name in arrays.files}


def test_equals_the_reference(reference):
    meta, arrays = reference
    assert len(meta["image_rng"]) == 66
    for case in meta["image_rng"]:
        noise = NoiseSource(
            case["source"].lower(),
            tuple(case["shape"]),
            case["seeds"],
            case["subseeds"] or (),
            case["subseed_strength"],
            (case["seed_resize_from_h"], case["seed_resize_from_w"]),
            case["eta_noise_seed_delta"],
        )
        draws = [noise.initial(), *(noise.draw(LATENTS) for _ in range(case["draws"] - 1))]
        difference = np.abs(torch.stack(draws).numpy() - arrays[f"rng_{case['id']}"]).max()
        # slerp's sines may differ in the last place between machines, the draws may not
        assert difference <= (1e-6 if case["subseed_strength"] else 0), case


def test_seeds_without_a_source_equal_the_reference(reference):
    meta, arrays = reference
    for case in meta["randn_local"]:
        expected = arrays[f"local_{case['id']}"]
        drawn = Generator(case["source"].lower(), case["seed"]).draw(expected.shape)
        assert np.array_equal(drawn.numpy(), expected)


def test_slerp_equals_the_reference(reference):
    meta, arrays = reference
    for case in meta["slerp"]:
        low, high, expected = (
            arrays[f"slerp_{case['id']}_{name}"] for name in ("low", "high", "out")
        )
        mixed = slerp(case["val"], torch.from_numpy(low), torch.from_numpy(high)).numpy()
        there = np.isfinite(expected)
        assert np.abs(mixed - expected)[there].max(initial=0) <= 1e-6
        assert np.isfinite(mixed).all(), "the reference gives NaN for opposite vectors"


def test_slerp_keeps_length():
    torch.manual_seed(3)
    low, high = torch.randn(2, 4, 64, 64)
    low, high = (one / one.norm(dim=1, keepdim=True) for one in (low, high))
    assert torch.allclose(slerp(0.4, low, high).norm(dim=1), torch.ones(4, 64), atol=1e-5)


@pytest.mark.parametrize("source", ["nv", "cpu"])
def test_a_picture_does_not_depend_on_its_batch(source):
    together = NoiseSource(source, (4, 8, 8), [5, 6, 7], [1, 2, 3], 0.3, (96, 48), 11)
    alone = NoiseSource(source, (4, 8, 8), [6], [2], 0.3, (96, 48), 11)
    assert torch.equal(together.initial()[1:2], alone.initial())
    for _ in range(3):
        assert torch.equal(together.draw(LATENTS)[1:2], alone.draw(LATENTS))
    pairs = ((10.0, 3.0), (3.0, 0.1))
    both = [noise.brownian(LATENTS, 0.1, 10.0) for noise in (together, alone)]
    for pair in pairs:
        assert torch.equal(both[0](*pair)[1:2], both[1](*pair))


@pytest.mark.parametrize("source", ["nv", "cpu"])
def test_same_seed_same_noise(source):
    one, other = (NoiseSource(source, (4, 8, 8), [2**64 - 1]) for _ in range(2))
    assert torch.equal(one.initial(), other.initial())
    assert torch.equal(one.draw(LATENTS), other.draw(LATENTS))


@pytest.mark.parametrize("source", ["nv", "cpu"])
def test_a_delta_beyond_the_last_seed_starts_again(source):
    # 2^64 - 1 + 3 is seed 2
    over = NoiseSource(source, (4, 8, 8), [2**64 - 1], eta_noise_seed_delta=3)
    over.initial()
    assert torch.equal(over.draw(LATENTS), NoiseSource(source, (4, 8, 8), [2]).initial())


def test_draws_take_the_type_of_the_latents():
    noise = NoiseSource("nv", (4, 8, 8), [1])
    x = LATENTS.double()
    assert noise.draw(x).dtype == torch.float64
    assert noise.brownian(x, 0.1, 10.0)(5.0, 1.0).dtype == torch.float64


def test_global_generator_is_left_alone():
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    noise = NoiseSource("cpu", (4, 8, 8), [9], [3], 0.5)
    noise.initial()
    noise.draw(LATENTS)
    assert torch.equal(torch.randn(3), expected)
