import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.motion.goldens import difference, numbers
from webui.core.errors import UserError
from webui.motion.noise import (
    STRENGTHS,
    Grain,
    deforum_noise,
    deforum_noised,
    native_noise,
    noised,
)

KINDS = ("uniform", "perlin")


def ramp(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([3.0 * x, 2.0 * y, x + y], axis=-1).astype(np.float32)


def cases(ok: bool):
    arrays, meta = numbers("noise")
    for case in meta["cases"]:
        if case["ok"] == ok:
            grain = {name: case[name] for name in Grain.__dataclass_fields__}
            yield case, grain, arrays


def test_noise_is_deforums():
    checked = 0
    for case, grain, arrays in cases(ok=True):
        made = deforum_noise(case["H"], case["W"], case["seed"], Grain(**grain))
        if case["mask"] == "none":  # else the numbers are of what is left
            found = [made.mean(), made.std(), made.min(), made.max()]
            wanted = [case["noise_float"][name] for name in ("mean", "std", "min", "max")]
            np.testing.assert_allclose(found, wanted, atol=2e-6, err_msg=case["key"])
        exact = arrays.get(f"noise_{case['key']}")
        if exact is not None:
            np.testing.assert_allclose(made, exact, atol=5e-7)
        checked += 1
    assert checked == 15


def test_pictures_with_noise_are_deforums():
    checked = 0
    for case, grain, arrays in cases(ok=True):
        picture = arrays.get(f"in_{case['key']}")
        if picture is not None:
            mask = {"none": None, "mask": arrays["mask"] / 255}
            mask["mask inverted"] = 1 - arrays["mask"] / 255
            chosen = mask[case["mask"]]
            made = deforum_noised(picture, case["amount"], case["seed"], Grain(**grain), chosen)
            assert not difference(made, arrays[f"out_{case['key']}"]).any(), case["key"]
            checked += 1
    assert checked == 8


def test_where_deforum_crashes_it_is_told():
    codes = []
    for case, grain, _ in cases(ok=False):
        with pytest.raises(UserError) as error:
            deforum_noise(case["H"], case["W"], case["seed"], Grain(**grain))
        codes.append(error.value.problem.code)
    assert sorted(codes) == ["motion_bounds", *["noise_size"] * 5]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(2, 3), (48, 48), (100, 150), (129, 77)])
@pytest.mark.parametrize("octaves", [1, 7])
def test_our_noise_keeps_means_and_variances_over_100_frames(kind, size, octaves):
    first = picture = ramp(*size)
    for seed in range(100 if size == (48, 48) and octaves == 1 else 5):
        picture = noised(picture, 0.065, seed, Grain(kind, perlin_octaves=octaves))
    assert picture.dtype == np.float32 and np.isfinite(picture).all()
    now, then = picture.astype(float), first.astype(float)
    np.testing.assert_allclose(now.mean((0, 1)), then.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(now.std((0, 1)), then.std((0, 1)), rtol=1e-5)
    assert np.abs(picture - first).mean() > 0.1


def test_deforums_noise_takes_contrast_away():
    levels = np.repeat(np.repeat([[0, 255]], 64, 0), 32, 1).astype(np.uint8)[..., None].repeat(3, 2)
    made = levels
    for seed in range(10):
        made = deforum_noised(made, 0.065, seed, Grain())
    assert made.std() < 0.8 * levels.std()
    ours = noised(levels.astype(np.float32), 0.5, 1, Grain())
    assert ours.std() == pytest.approx(levels.std(), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_our_noise_is_as_strong_as_deforums(kind):
    flat = np.full((256, 256, 3), 128, np.uint8)
    deforums = deforum_noised(flat, 0.1, 3, Grain(kind)).astype(float)
    assert deforums.std() == pytest.approx(0.1 * STRENGTHS[kind] * 127.5, rel=0.05)
    wide = np.random.default_rng(1).uniform(0, 255, (256, 256, 3)).astype(np.float32)
    added = noised(wide, 0.1, 3, Grain(kind)) - wide
    assert added.std() == pytest.approx(deforums.std(), rel=0.15)


def test_noise_is_white_or_uneven():
    def unevenness(kind: str) -> float:
        blocks = native_noise(256, 256, 1, 5, Grain(kind)).reshape(32, 8, 32, 8).std((1, 3))
        return float(blocks.std() / blocks.mean())

    assert unevenness("uniform") < 0.12 and 0.2 < unevenness("perlin") < 0.5
    made = native_noise(200, 300, 3, 5, Grain())
    assert made.var() == pytest.approx(1, abs=0.02) and abs(made.mean()) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_a_noise(kind):
    picture, grain = ramp(40, 30), Grain(kind)
    first = noised(picture, 0.1, -1, grain)
    assert np.array_equal(first, noised(picture, 0.1, -1, grain))
    assert not np.array_equal(first, noised(picture, 0.1, 2**70, grain))
    assert np.array_equal(noised(picture, 0, 1, grain), picture)


def test_outside_the_mask_no_pixel_changes():
    picture, mask = ramp(40, 30), np.zeros((40, 30))
    mask[10:30, 5:20] = 1
    made = noised(picture, 0.3, 1, Grain(), mask)
    inside = mask.astype(bool)
    assert np.array_equal(made[~inside], picture[~inside])
    assert not np.isclose(made[inside], picture[inside]).all()
    np.testing.assert_allclose(made[inside].std(0), picture[inside].std(0), rtol=1e-4)
    assert np.array_equal(noised(picture, 0.3, 1, Grain(), np.zeros((40, 30))), picture)


def test_a_flat_picture_stays_flat():
    flat = np.full((9, 7, 3), 77, np.float32)
    assert np.array_equal(noised(flat, 0.5, 1, Grain()), flat)


@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from(KINDS),
    st.floats(1, 16),
    st.integers(1, 5),
    st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_our_noise_comes_at_any_size(height, width, kind, cells, octaves, amount):
    picture = ramp(height, width)
    made = noised(picture, amount, 1, Grain(kind, cells, 16, octaves, amount))
    assert made.shape == picture.shape and np.isfinite(made).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("perlin_w", 0.5),
        ("perlin_h", float("nan")),
        ("perlin_octaves", 0),
        ("perlin_octaves", 8),
        ("perlin_persistence", 1.5),
    ],
)
def test_a_grain_that_is_none_is_refused_by_its_name(name, value):
    with pytest.raises(UserError, match=name):
        Grain(**{name: value})
