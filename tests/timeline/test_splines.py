import numpy as np
import pytest

from webui.timeline.splines import curve, fill_gaps

NAN = float("nan")


def test_gaps_are_filled_from_both_sides():
    filled = fill_gaps(np.array([NAN, 2.0, NAN, NAN, 5.0, NAN]))
    assert filled == pytest.approx([2, 2, 3, 4, 5, 5])


def test_a_spline_goes_through_its_points_and_is_exact_on_polynomials():
    x = np.array([0.0, 2.0, 3.0, 7.0, 9.0])
    at = np.linspace(0, 9, 50)
    assert curve(x, x**3 - x, at, "Cubic") == pytest.approx(at**3 - at, abs=1e-9)
    assert curve(x, x**2, at, "Quadratic") == pytest.approx(at**2, abs=1e-9)
    assert curve(x[:2], x[:2], at[:5], "Cubic") == pytest.approx(np.minimum(at[:5], 2))
