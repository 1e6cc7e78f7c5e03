"""The defaults are A1111's."""

import dataclasses
import json
import math

import pytest

from tests.golden import golden
from webui.engine.options import Options

SETTING_OF_OPTION = {
    "sigma_min": "sigma_min",
    "sigma_max": "sigma_max",
    "rho": "rho",
    "old_karras_sigmas": "use_old_karras_scheduler_sigmas",
    "discard_penultimate": "always_discard_next_to_last_sigma",
    "beta_alpha": "beta_dist_alpha",
    "beta_beta": "beta_dist_beta",
    "fixed_steps": "img2img_fix_steps",
    "eta": "eta_ancestral",
    "eta_ddim": "eta_ddim",
    "s_churn": "s_churn",
    "s_tmin": "s_tmin",
    "s_noise": "s_noise",
    "sgm_noise_multiplier": "sgm_noise_multiplier",
    "unipc_order": "uni_pc_order",
    "unipc_variant": "uni_pc_variant",
    "unipc_skip": "uni_pc_skip_type",
    "unipc_lower_order_final": "uni_pc_lower_order_final",
}


def test_defaults_equal_the_reference():
    stored = json.loads(golden("a1111/misc.json").read_text(encoding="utf-8"))
    for option, setting in SETTING_OF_OPTION.items():
        assert getattr(Options(), option) == stored["settings_defaults"][setting], option


def test_no_largest_level_of_churn():
    assert Options().s_tmax == math.inf


def test_options_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Options().eta = 0.5  # pyright: ignore[reportAttributeAccessIssue]
