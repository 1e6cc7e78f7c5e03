"""Philox equals what an NVIDIA card draws."""

import json

import numpy as np

from tests.golden import golden
from webui.engine.philox import philox_normal


def test_equals_the_reference():
    with np.load(golden("a1111/rng.npz"), allow_pickle=False) as arrays:
        for generator in json.loads(str(arrays["meta"]))["philox"]:
            for draw, shape in enumerate(generator["shapes"]):
                expected = arrays[f"philox_{generator['id']}_{draw}"]
                drawn = philox_normal(shape, generator["seed"], draw)
                # 2 units in the last place: another libm may round logarithm and sine elsewhere
                np.testing.assert_array_max_ulp(drawn, expected, maxulp=2)


def test_first_numbers_of_seed_0_are_those_of_a_card():
    # torch.randn(4, device="cuda") after torch.manual_seed(0), as PyTorch's users report it
    card = [-0.92466259, -0.42534415, -2.64384580, 0.14518388]
    assert np.allclose(philox_normal((4,), 0), card, atol=1e-6)


def test_shape_does_not_change_the_stream():
    assert np.array_equal(philox_normal((2, 3), 5).ravel(), philox_normal((6,), 5))
    assert np.array_equal(philox_normal((4,), 5), philox_normal((6,), 5)[:4])


def test_high_half_of_the_seed_counts():
    assert not np.array_equal(philox_normal((8,), 1), philox_normal((8,), 1 + 2**32))


def test_is_standard_normal():
    drawn = philox_normal((100_000,), 9)
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.02
