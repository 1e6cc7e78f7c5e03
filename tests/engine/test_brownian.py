"""Brownian paths equal torchsde's tree, and are Brownian paths."""

import json
import math

import numpy as np
import pytest
import torch

from tests.golden import golden
from webui.engine.brownian import BrownianPath
from webui.engine.noise import Generator, NoiseSource

# of torchsde 0.2.6: BrownianTree(0.03, zeros(3), 14.6, entropy=123)(a, b)
TORCHSDE = {
    (0.03, 14.6): [-2.6061246, 0.136194, -1.7028598],
    (2.5, 7.25): [-1.1355793, -0.0625151, 0.2504437],
    (0.1, 0.3): [-0.8655941, 0.008486, -0.1827343],
}


def path(seed: int = 123, count: int = 3) -> BrownianPath:
    return BrownianPath(0.03, 14.6, seed, lambda key: Generator("cpu", key).draw((count,)))


@pytest.mark.parametrize("interval", TORCHSDE)
def test_equals_torchsde(interval):
    assert torch.allclose(path()(*interval), torch.tensor(TORCHSDE[interval]), atol=1e-6)


def test_parts_add_up_to_the_whole():
    one = path()
    parts = one(0.03, 1.1) + one(1.1, 6.2) + one(6.2, 14.6)
    assert torch.allclose(parts, one(0.03, 14.6), atol=1e-5)


def test_order_of_the_questions_does_not_matter():
    intervals = [(0.5 + i / 7, 0.9 + i / 5) for i in range(40)]
    forwards, backwards = path(), path()
    expected = [forwards(*one) for one in intervals]
    again = [backwards(*one) for one in reversed(intervals)]
    for one, other in zip(expected, reversed(again), strict=True):
        assert torch.equal(one, other)


def test_variance_is_the_length_of_the_interval():
    for start, end in ((0.03, 14.6), (1, 1.5), (9, 13)):
        spread = path(count=20_000)(start, end).std() / math.sqrt(end - start)
        assert abs(float(spread) - 1) < 0.03


def test_disjoint_intervals_are_independent():
    one = path(count=20_000)
    pair = torch.stack([one(1, 2), one(2, 5)])
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 0.03


def test_an_empty_interval_and_one_outside():
    assert path()(2, 2).abs().max() == 0
    assert torch.equal(path()(-1, 20), path()(0.03, 14.6))


def test_remembers_little():
    one = path()
    for i in range(200):
        one(0.03, 0.1 + i / 15)
    assert len(one._remembered) <= 64


def test_equals_the_draws_of_the_reference():
    cases = json.loads(golden("a1111/samplers.json").read_text(encoding="utf-8"))["cases"]
    with np.load(golden("a1111/samplers.npz"), allow_pickle=False) as arrays:
        checked = 0
        for case in cases:
            if "brownian" not in case:
                continue
            kind, seeds = case["brownian"]["source"].lower(), case["brownian"]["seeds"]
            x = torch.zeros(2, 4, 8, 8)
            sigmas = [sigma for sigma in case["sigmas"] if sigma > 0]
            between = NoiseSource(kind, (4, 8, 8), seeds).brownian(x, min(sigmas), max(sigmas))
            drawn = torch.stack([between(*pair) for pair in case["noise_arguments"]]).numpy()
            assert np.abs(drawn - arrays[f"draws_{case['id']}"]).max() <= 1e-6
            checked += 1
        assert checked == 9
