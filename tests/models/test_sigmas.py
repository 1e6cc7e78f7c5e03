"""The table of noise levels equals A1111's."""

import json
import math

import numpy as np
import pytest
import torch

from tests.golden import golden
from webui.models.sigmas import SigmaTable

TABLE = SigmaTable.scaled_linear()


@pytest.fixture(scope="module")
def expected():
    with np.load(golden("a1111/schedules.npz"), allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files if name != "meta"}


@pytest.mark.parametrize(
    ("name", "values", "tolerance"),
    [
        ("sigmas", TABLE.sigmas, 2e-7),
        ("log_sigmas", TABLE.log_sigmas, 1e-6),
        ("alphas_cumprod", TABLE.alphas_cumprod, 2e-7),
        ("alphas_cumprod_zero_snr", TABLE.zero_terminal_snr().alphas_cumprod, 2e-4),
        ("sigmas_zero_snr", TABLE.zero_terminal_snr().sigmas, 2e-4),
        ("lcm_sigmas", TABLE.coarse().sigmas, 2e-7),
    ],
)
def test_equals_the_reference(expected, name, values, tolerance):
    assert values.dtype == torch.float32
    assert torch.allclose(
        values, expected[name], rtol=tolerance, atol=tolerance if "log" in name else 0
    )


def test_betas_and_alphas_are_two_ways_in(expected):
    for table in (
        SigmaTable.from_betas(expected["betas"]),
        SigmaTable.from_alphas(expected["alphas_cumprod"]),
    ):
        assert torch.equal(table.sigmas, TABLE.sigmas)


def test_conversions_equal_the_reference():
    stored = json.loads(golden("a1111/schedules.json").read_text(encoding="utf-8"))["conversions"]
    quantized = SigmaTable(TABLE.sigmas, quantized=True)
    for name, convert in (
        ("sigma_to_t", TABLE.sigma_to_t),
        ("sigma_to_t_quantized", quantized.sigma_to_t),
        ("lcm_sigma_to_t", TABLE.coarse().sigma_to_t),
        ("t_to_sigma", TABLE.t_to_sigma),
    ):
        for value, wanted in stored[name]:
            assert math.isclose(float(convert(value)), wanted, rel_tol=1e-5, abs_tol=1e-5), name


def test_conversions_undo_each_other():
    t = torch.linspace(0, 999, 777)
    assert torch.allclose(TABLE.sigma_to_t(TABLE.t_to_sigma(t)), t, atol=5e-3)
    coarse = TABLE.coarse()
    assert torch.equal(coarse.sigma_to_t(coarse.sigmas), torch.arange(19.0, 1000, 20))
    assert torch.allclose(coarse.t_to_sigma(torch.tensor([19.0, 999.0])), TABLE.sigmas[[19, 999]])


def test_levels_beyond_the_table_are_held_at_its_ends():
    assert TABLE.sigma_to_t(torch.tensor([1e-3, 1e3])).tolist() == [0, 999]
    assert torch.allclose(TABLE.t_to_sigma(torch.tensor([-5.0, 2000.0])), TABLE.sigmas[[0, -1]])


def test_linear_betas():
    table = SigmaTable.linear(0.0001, 0.02, 500)
    alpha = 1 - 0.0001
    assert len(table.sigmas) == 500
    assert math.isclose(float(table.sigmas[0]), math.sqrt((1 - alpha) / alpha), rel_tol=1e-3)
    assert (table.sigmas.diff() > 0).all()


def test_zero_terminal_snr_leaves_almost_no_signal():
    table = TABLE.zero_terminal_snr()
    assert math.isclose(float(table.sigmas[-1]), 4518.76, rel_tol=1e-5)
    assert math.isclose(float(table.sigmas[0]), float(TABLE.sigmas[0]), rel_tol=1e-4)


def test_half_has_float16_levels(expected):
    alphas = expected["alphas_cumprod_half"]
    assert torch.equal(TABLE.half().sigmas, ((1 - alphas) / alphas).float().sqrt().half())
