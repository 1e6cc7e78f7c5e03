"""Compares samplers with A1111's, case by case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from tests.engine.mixture import ListedNoise, Reference, reference
from webui.engine.options import Options
from webui.engine.plan import Plan, plan
from webui.models.sigmas import SigmaTable

TABLE = SigmaTable.scaled_linear()
SIMPLE_OPTIONS = ("s_churn", "s_tmin", "s_tmax", "s_noise")
OF_SETTINGS = {
    "uni_pc_order": "unipc_order",
    "uni_pc_variant": "unipc_variant",
    "uni_pc_skip_type": "unipc_skip",
    "uni_pc_lower_order_final": "unipc_lower_order_final",
}

stored = cache(reference)


def options_of(case: dict[str, Any]) -> Options:
    """The settings of a case."""
    arguments = case.get("kwargs", {})
    values = {name: arguments[name] for name in SIMPLE_OPTIONS if name in arguments}
    values |= {OF_SETTINGS[name]: value for name, value in case["settings"].items()}
    if "eta" in arguments:
        values["eta_ddim" if case["sampler"].startswith("DDIM") else "eta"] = arguments["eta"]
    return Options(**values)


def laid_out(case: dict[str, Any]) -> Plan:
    """The plan of a case, at the reference's own levels where it names them."""
    made = plan(
        case["sampler"],
        case["scheduler"],
        case["steps"],
        TABLE,
        options_of(case),
        case["denoising_strength"],
    )
    if "sigmas" not in case:
        return made
    sigmas = torch.tensor(case["sigmas"])
    assert torch.allclose(made.sigmas, sigmas, rtol=2e-6, atol=0)
    return replace(made, levels=replace(made.levels, sigmas=sigmas))


def run(case: dict[str, Any], dtype: torch.dtype) -> Tensor:
    """The case run by our sampler; checks the calls of the model and the draws of noise too."""
    known, made = stored(), laid_out(case)
    denoise = known.denoiser(case["cfg_scale"])
    brownian = f"draws_{case['id']}"
    noise = ListedNoise(known.arrays.get(brownian, known.arrays["noise"]))
    initial = known.arrays["noise0"][: case.get("batch", 2)].to(dtype)
    latents = known.arrays["init_latent"].to(dtype) if case["denoising_strength"] else None
    # the reference's DPM-Solver reckons its times in float32, whatever x is
    levels = (
        made.sigmas if case["sampler"] in ("DPM fast", "DPM adaptive") else made.sigmas.to(dtype)
    )
    x = made.start(initial, latents)
    result = made.sampler.function(denoise, x, levels, noise, made.options)
    assert noise.count == case["noise_draws"]
    assert len(denoise.levels) == len(case["calls"])
    _check_calls(case, denoise.levels)
    for asked, expected in zip(noise.intervals, case["noise_arguments"], strict=False):
        assert torch.allclose(torch.tensor(asked), torch.tensor(expected), rtol=1e-6)
    return result


def _check_calls(case: dict[str, Any], levels: list[float]) -> None:
    """The model is asked at the same levels (or timesteps) in the same order."""
    calls = torch.tensor(case["calls"], dtype=torch.float64)
    asked = torch.tensor(levels, dtype=torch.float64)
    if "timesteps" not in case:
        assert case["sampler"] == "DPM adaptive" or torch.allclose(asked, calls, rtol=0.01)
        return
    logs = torch.log1p(TABLE.sigmas.double() ** 2)
    low = calls.floor().long().clamp(max=998)
    wanted = torch.lerp(logs[low], logs[low + 1], calls - low).expm1().sqrt()
    assert torch.allclose(asked, wanted, rtol=1e-4)


def difference(case: dict[str, Any], dtype: torch.dtype) -> float:
    """Largest difference to the stored result, which may be NaN itself (then 0)."""
    name = f"x{torch.finfo(dtype).bits}_{case['id']}"
    expected = stored().arrays.get(name)
    if expected is None or expected.isnan().any():
        return 0.0
    return float((run(case, dtype) - expected).abs().max())


def cases_of(sampler: str) -> list[dict[str, Any]]:
    """The cases of a sampler that the reference did not fail in."""
    known: Reference = stored()
    return [case for case in known.cases if case["sampler"] == sampler and "error_type" not in case]


def assert_equal(sampler: str, in_float64: float = 1e-9, in_float32: float = 1e-5) -> None:
    """Each case within the tolerance; in float32 4 times what the precision itself changes."""
    cases = cases_of(sampler)
    assert len(cases) >= 4
    for case in cases:
        spread = case.get("max_difference_32_64", 0.0)
        spread = 0.0 if isinstance(spread, str) else spread
        assert difference(case, torch.float32) <= max(in_float32, 4 * spread), case
        assert difference(case, torch.float64) <= in_float64, case
