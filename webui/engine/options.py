"""What can be set about sampling, with AUTOMATIC1111's defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """Settings of schedules and samplers; each reads what concerns it.

    Attributes:
        sigma_min, sigma_max: ends of the schedule; 0 takes the model's.
        rho: steepness of Karras and Polyexponential; 0 takes the schedule's own.
        old_karras_sigmas: the model's ends are taken as 0.1 and 10, as in A1111's beginnings.
        beta_alpha, beta_beta: shape of the schedule Beta.
        align_your_steps: for which architecture the levels of Align Your Steps were optimised.
        discard_penultimate: drop the last level above 0, with every sampler.
        fixed_steps: image to image runs all the steps asked for, whatever the strength.
        eta: share of fresh noise of ancestral and SDE samplers.
        eta_ddim: the same for DDIM.
        s_churn, s_tmin, s_tmax, s_noise: extra noise of Karras et al. 2022, algorithm 2;
            `s_noise` also scales the noise of every other stochastic sampler.
        sgm_noise_multiplier: start with the variance that the noised data would have.
        unipc_order, unipc_variant, unipc_skip, unipc_lower_order_final: of UniPC.
    """

    sigma_min: float = 0.0
    sigma_max: float = 0.0
    rho: float = 0.0
    old_karras_sigmas: bool = False
    beta_alpha: float = 0.6
    beta_beta: float = 0.6
    align_your_steps: Literal["sd1", "sdxl"] = "sd1"
    discard_penultimate: bool = False
    fixed_steps: bool = False
    eta: float = 1.0
    eta_ddim: float = 0.0
    s_churn: float = 0.0
    s_tmin: float = 0.0
    s_tmax: float = math.inf
    s_noise: float = 1.0
    sgm_noise_multiplier: bool = False
    unipc_order: int = 3
    unipc_variant: Literal["bh1", "bh2", "vary_coeff"] = "bh1"
    unipc_skip: Literal["time_uniform", "time_quadratic", "logSNR"] = "time_uniform"
    unipc_lower_order_final: bool = True
