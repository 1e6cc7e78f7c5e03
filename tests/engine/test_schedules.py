"""Schedules equal A1111's, setting by setting."""

import json
from typing import Any

import pytest
import torch

from tests.golden import golden
from webui.core import sampling
from webui.engine.options import Options
from webui.engine.plan import plan
from webui.engine.schedules import SCHEDULES, ends, karras
from webui.models.sigmas import SigmaTable

TABLE = SigmaTable.scaled_linear()
OPTION_OF_SETTING = {
    "sigma_min": "sigma_min",
    "sigma_max": "sigma_max",
    "rho": "rho",
    "use_old_karras_scheduler_sigmas": "old_karras_sigmas",
    "always_discard_next_to_last_sigma": "discard_penultimate",
    "beta_dist_alpha": "beta_alpha",
    "beta_dist_beta": "beta_beta",
}
TABLE_OF_SETTING = {
    "sd_noise_schedule": TABLE.zero_terminal_snr(),
    "use_downcasted_alpha_bar": TABLE.half(),
    "enable_quantization": SigmaTable(TABLE.sigmas, quantized=True),
}


def stored(kind: str) -> list[dict[str, Any]]:
    return json.loads(golden("a1111/schedules.json").read_text(encoding="utf-8"))[kind]


def options_of(case: dict[str, Any]) -> Options:
    values = {
        OPTION_OF_SETTING[k]: v for k, v in case["settings"].items() if k in OPTION_OF_SETTING
    }
    return Options(**values, align_your_steps=case.get("model", "sd1"))


def table_of(case: dict[str, Any]) -> SigmaTable:
    named = [TABLE_OF_SETTING[name] for name in case["settings"] if name in TABLE_OF_SETTING]
    return named[0] if named else TABLE


def same(sigmas: torch.Tensor, expected: list[float], tolerance: float) -> bool:
    wanted = torch.tensor(expected)
    return sigmas.shape == wanted.shape and torch.allclose(sigmas, wanted, rtol=tolerance, atol=0)


def test_equal_the_reference():
    ignored = ("DPM fast", "DPM adaptive")  # only the ends of a schedule reach them
    cases = [c for c in stored("cases") if "sigmas" in c and c["sampler"] not in ignored]
    assert len(cases) == 289
    for case in cases:
        laid = plan(
            case["sampler"], case["scheduler"], case["steps"], table_of(case), options_of(case)
        )
        tolerance = 2e-4 if "sd_noise_schedule" in case["settings"] else 2e-6
        assert same(laid.sigmas, case["sigmas"], tolerance), case


def test_timesteps_equal_the_reference():
    cases = [case for case in stored("cases") if "timesteps" in case]
    assert len(cases) == 24
    for case in cases:
        if case["sampler"] == "UniPC" or len(case["timesteps"]) == 1:
            continue  # runs continuous times; makes no step: see test_levels
        laid = plan(
            case["sampler"], case["scheduler"], case["steps"], table_of(case), options_of(case)
        )
        assert torch.equal(laid.sigmas, TABLE.sigmas[case["timesteps"][::-1]]), case


def test_image_to_image_equals_the_reference():
    cases = stored("img2img")
    assert len(cases) == 45
    for case in cases:
        fixed = case["img2img_fix_steps"] or case["explicit_steps"] is not None
        for name, expected in case.items():
            if name.startswith("sigmas "):
                sampler = name.removeprefix("sigmas ")
                laid = plan(
                    sampler,
                    "Automatic",
                    case["steps"],
                    TABLE,
                    Options(fixed_steps=fixed),
                    case["denoising_strength"],
                )
                assert same(laid.sigmas, expected, 2e-6), case
                assert laid.levels.noise_scale == float(laid.sigmas[0])


def test_every_schedule_ends_a_run():
    """At 0, but for the one that does not; and with as many levels as asked for."""
    for name, schedule in SCHEDULES.items():
        for n in (1, 2, 7, 50, 150):
            sigmas = schedule(TABLE, n, Options())
            assert sigmas.dtype == torch.float32
            assert len(sigmas) >= n + 1 if name == "DDIM" else len(sigmas) == n + 1
            assert (sigmas.diff() <= 0).all()
            assert (sigmas[-1] == 0) == (name != "KL Optimal")


def test_every_name_has_a_schedule():
    assert set(SCHEDULES) == {schedule.name for schedule in sampling.SCHEDULES}


def test_karras_goes_from_high_to_low():
    sigmas = karras(5, 0.1, 10.0, rho=1.0)
    assert torch.allclose(sigmas, torch.tensor([10, 7.525, 5.05, 2.575, 0.1, 0]))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(), (TABLE.sigmas[0], TABLE.sigmas[-1])),
        (Options(sigma_min=0.5, sigma_max=3.0), (0.5, 3.0)),
        (Options(old_karras_sigmas=True), (0.1, 10.0)),
        (Options(old_karras_sigmas=True, sigma_max=3.0), (0.1, 3.0)),
    ],
)
def test_ends(options, expected):
    assert ends(TABLE, options) == tuple(float(end) for end in expected)
