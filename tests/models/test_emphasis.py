"""Emphasis against A1111's."""

import numpy as np
import torch

from tests.golden import golden
from webui.models.emphasis import emphasise

MODES = ("None", "Ignore", "Original", "No norm")


def test_equals_the_reference():
    compared = 0
    with np.load(golden("a1111/emphasis.npz"), allow_pickle=False) as arrays:
        cases = [name.removeprefix("z_") for name in arrays.files if name.startswith("z_")]
        for case in cases:
            encoded = torch.from_numpy(arrays[f"z_{case}"])
            weights = torch.from_numpy(arrays[f"multipliers_{case}"])
            for mode in MODES:
                wanted = arrays[f"out_{case}_{mode.replace(' ', '_')}"]
                made = emphasise(encoded, weights, mode).numpy()
                atol = 1e-5 * float(encoded.abs().max())
                np.testing.assert_allclose(
                    made, wanted, rtol=0, atol=atol, err_msg=f"{case} {mode}"
                )
                compared += 1
    assert compared == 32


def test_no_weights_change_nothing():
    encoded = torch.randn(2, 77, 8, generator=torch.Generator().manual_seed(1))
    for mode in MODES:
        assert torch.equal(emphasise(encoded, torch.ones(2, 77), mode), encoded)
