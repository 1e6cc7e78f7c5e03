"""LMS equals A1111's."""

import pytest

from tests.engine.samplers.equality import assert_equal
from webui.engine.samplers.multistep import lagrange_integrals


def test_equals_the_reference():
    assert_equal("LMS")


def test_weights_integrate_polynomials_exactly():
    points, start, end = [3.0, 5.0, 7.5, 8.0], 3.0, 1.0
    weights = lagrange_integrals(points, start, end)
    for power in range(4):
        exact = (end ** (power + 1) - start ** (power + 1)) / (power + 1)
        assert sum(w * p**power for w, p in zip(weights, points, strict=True)) == pytest.approx(
            exact
        )
    assert lagrange_integrals([4.0], 4.0, 1.0) == [-3]
