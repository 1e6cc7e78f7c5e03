"""What can be set about sampling, with AUTOMATIC1111's defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """Settings of schedules, samplers and guidance; each reads what concerns it.

    Attributes:
        sigma_min, sigma_max: ends of the schedule; 0 takes the model's.
        rho: steepness of Karras and Polyexponential; 0 takes the schedule's own.
        old_karras_sigmas: the model's ends are taken as 0.1 and 10, as in A1111's beginnings.
        beta_alpha, beta_beta: shape of the schedule Beta.
        align_your_steps: for which architecture the levels of Align Your Steps were optimised.
        discard_penultimate: drop the last level above 0, with every sampler.
        fixed_steps: image to image runs all the steps asked for, whatever the strength.
        extra_noise: added to the picture that image to image or a second pass begins with.
        eta: share of fresh noise of ancestral and SDE samplers.
        eta_ddim: the same for DDIM.
        s_churn, s_tmin, s_tmax, s_noise: extra noise of Karras et al. 2022, algorithm 2;
            `s_noise` also scales the noise of every other stochastic sampler.
        sgm_noise_multiplier: start with the variance that the noised data would have.
        unipc_order, unipc_variant, unipc_skip, unipc_lower_order_final: of UniPC.
        round_masks: a mask of latents is 0 or 1 everywhere (not with soft inpainting).
        negative_minimum_sigma: below it the negative prompt is left out on every second call
            ("NGMS"); with `negative_minimum_always` on all of them.
        skip_early: share of the run at whose beginning the negative prompt is left out.
        pad_texts: bring prompt and negative prompt to one length, so that one call serves both:
            fill up the shorter one with empty chunks; or fill up, or cut, the negative prompt
            with its last token ("last", A1111's way of old).
        old_schedules: prompts are scheduled as before version 1.6 of A1111.
        refiner_by_steps: the refiner takes over by the count of calls, not by the noise level.
        refiner_pass: in which pass of a hires run it does.
        flow: x is a rectified flow's, not data with noise on top; filled in from the model.
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
    extra_noise: float = 0.0
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
    round_masks: bool = True
    negative_minimum_sigma: float = 0.0
    negative_minimum_always: bool = False
    skip_early: float = 0.0
    pad_texts: Literal["no", "empty", "last"] = "no"
    old_schedules: bool = False
    refiner_by_steps: bool = False
    refiner_pass: Literal["first pass", "second pass", "both passes"] = "second pass"
    flow: bool = False
