import numpy as np
import pytest

from webui.timeline.easing import EASINGS, bezier, ease, easing_of

X = np.linspace(0, 1, 101)


@pytest.mark.parametrize("name", EASINGS)
def test_every_easing_goes_from_0_to_1_and_is_clamped(name):
    values = ease(EASINGS[name], [-1, 0, 1, 2])
    assert values == pytest.approx([0, 0, 1, 1], abs=1e-3)
    assert np.isfinite(ease(EASINGS[name], X)).all()


@pytest.mark.parametrize("name", [name for name in EASINGS if name.startswith("ease_in_out_")])
def test_in_out_is_its_own_mirror(name):
    values = ease(EASINGS[name], X)
    assert values + values[::-1] == pytest.approx(np.ones(101))
    inward = EASINGS[name.replace("in_out", "in")]
    assert values[:51] == pytest.approx(inward(2 * X[:51]) / 2)
    assert ease(EASINGS[name.replace("in_out", "out")], X) == pytest.approx(1 - inward(1 - X))


def test_values_of_css_and_penner():
    # CSS: cubic-bezier(0.25, 0.1, 0.25, 1) at half time; browsers give 0.8024.
    assert ease(EASINGS["ease"], 0.5) == pytest.approx(0.8024, abs=1e-4)
    assert ease(EASINGS["ease_in_quad"], 0.5) == 0.25
    assert ease(EASINGS["ease_in_back"], 0.5) == pytest.approx(-0.0877, abs=1e-4)
    assert ease(EASINGS["ease_out_bounce"], [0.2, 0.5, 0.8, 0.95]) == pytest.approx(
        [0.3025, 0.765625, 0.94, 0.98453], abs=1e-4
    )
    assert ease(bezier(0.0, 0.0, 1.0, 1.0), X) == pytest.approx(X)


def test_names_as_css_writes_them_and_with_numbers():
    assert easing_of("Ease-In-Out") is EASINGS["ease_in_out"]
    curve = easing_of("cubic-bezier(0.42, 0, 0.58, 1)")
    assert curve and ease(curve, X) == pytest.approx(ease(EASINGS["ease_in_out"], X))
    over = easing_of("bezier(.4, -1, .2, 2)")
    assert over and ease(over, X).min() < 0 and ease(over, X).max() > 1
    stairs = easing_of("steps(4)")
    assert stairs and list(ease(stairs, [0, 0.3, 0.5, 0.99, 1])) == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    "text",
    ["", "wobble", "bezier(1,2)", "bezier(2,0,0,1)", "bezier(0,nan,0,1)", "steps(0)", "steps(x)"],
)
def test_what_is_no_easing(text):
    assert easing_of(text) is None
