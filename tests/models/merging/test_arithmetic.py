"""Each formula against numpy in 64 bits, and what must hold to the bit."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from webui.models.merging.arithmetic import add_difference, slerp, triple_sum, weighted_sum

WEIGHTS = (-0.5, 0.0, 0.1, 0.3, 0.5, 0.7, 1.0, 1.5)


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape or (6, 5), generator=torch.Generator().manual_seed(seed))


A, B, C = (random(seed) for seed in range(3))


def close(found: Tensor, expected: np.ndarray) -> bool:
    return np.allclose(found.double().numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("m", WEIGHTS)
def test_each_formula(m):
    a, b, c = (one.double().numpy() for one in (A, B, C))
    n = 0.25
    assert close(weighted_sum(A, B, m), (1 - m) * a + m * b)
    assert close(add_difference(A, B, C, m), a + m * (b - c))
    assert close(triple_sum(A, B, C, m, n), (1 - m - n) * a + m * b + n * c)
    angle = math.acos((a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b)))
    shares = math.sin((1 - m) * angle), math.sin(m * angle)
    assert close(slerp(A, B, m), (shares[0] * a + shares[1] * b) / math.sin(angle))


def test_an_arc_keeps_the_length():
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    half = slerp(a, b, 0.5)
    assert torch.allclose(half, torch.full((2,), math.sqrt(2)))
    assert torch.allclose(weighted_sum(a, b, 0.5), torch.ones(2))


@pytest.mark.parametrize("m", WEIGHTS)
def test_equal_models_give_what_they_are(m):
    for found in (
        weighted_sum(A, A, m),
        slerp(A, A, m),
        add_difference(A, B, B, m),
        triple_sum(A, A, A, m, 0.3),
    ):
        assert torch.equal(found, A)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_both_ends_to_the_bit(dtype):
    a, b, c = (one.to(dtype) for one in (A, B, C))
    a[0, 0] = -0.0

    def bits(tensor: Tensor) -> bytes:
        return tensor.to(dtype).view(torch.uint8).numpy().tobytes()

    a_, b_, c_ = (one.float() for one in (a, b, c))
    for found in (
        weighted_sum(a_, b_, 0),
        slerp(a_, b_, 0),
        add_difference(a_, b_, c_, 0),
        triple_sum(a_, b_, c_, 0, 0),
    ):
        assert bits(found) == bits(a)
    for found in (weighted_sum(a_, b_, 1), slerp(a_, b_, 1), triple_sum(a_, b_, c_, 1, 0)):
        assert bits(found) == bits(b)
    assert bits(triple_sum(a_, b_, c_, 0, 1)) == bits(c)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, 2.0], [-1.0, -2.0]),
        ([1.0, 2.0], [2.0, 4.0]),
        ([3e30, 0.0], [0.0, 3e30]),
    ],
)
def test_where_there_is_no_arc_it_is_straight(a, b):
    found = slerp(torch.tensor(a), torch.tensor(b), 0.25)
    assert torch.isfinite(found).all()
    if a != [3e30, 0.0]:
        assert torch.equal(found, weighted_sum(torch.tensor(a), torch.tensor(b), 0.25))


def test_numbers_without_a_shape():
    assert float(slerp(torch.tensor(1.0), torch.tensor(3.0), 0.5)) == 2.0
