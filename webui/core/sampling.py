"""Names of samplers and schedules as users, files and clients know them (numbers: `engine`).

Labels, aliases and the meaning of "Automatic" are those of AUTOMATIC1111 1.10.1.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

AUTOMATIC = "Automatic"


class SamplerInfo(BaseModel):
    """A sampler as data.

    Attributes:
        name: label in menus and in the parameters of a picture.
        aliases: other names that clients use for it.
        automatic: the schedule that "Automatic" means for it.
        own_timesteps: it walks timesteps of its own; the choice of a schedule does not reach it.
        second_order: it calls the model twice a step.
        discards_penultimate: one sigma more is computed and the one before 0 dropped.
        stochastic: it adds noise on the way.
        reads_ensd: that noise depends on the eta noise seed delta.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    aliases: tuple[str, ...] = ()
    automatic: str = AUTOMATIC
    own_timesteps: bool = False
    second_order: bool = False
    discards_penultimate: bool = False
    stochastic: bool = False
    reads_ensd: bool = False


class ScheduleInfo(BaseModel):
    """A schedule (the sequence of noise levels) as data."""

    model_config = ConfigDict(frozen=True)

    name: str
    aliases: tuple[str, ...] = ()


def _sampler(name: str, alias: str, automatic: str = AUTOMATIC, *flags: str) -> SamplerInfo:
    return SamplerInfo.model_validate(
        {
            "name": name,
            "aliases": tuple(alias.split()),
            "automatic": automatic,
            **dict.fromkeys(flags, True),
        }
    )


SAMPLERS: tuple[SamplerInfo, ...] = (
    _sampler("DPM++ 2M", "k_dpmpp_2m", "Karras"),
    _sampler("DPM++ SDE", "k_dpmpp_sde", "Karras", "second_order", "stochastic"),
    _sampler("DPM++ 2M SDE", "k_dpmpp_2m_sde", "Exponential", "stochastic"),
    _sampler("DPM++ 2M SDE Heun", "k_dpmpp_2m_sde_heun", "Exponential", "stochastic"),
    _sampler("DPM++ 2S a", "k_dpmpp_2s_a", "Karras", "second_order", "stochastic", "reads_ensd"),
    _sampler("DPM++ 3M SDE", "k_dpmpp_3m_sde", "Exponential", "discards_penultimate", "stochastic"),
    _sampler("Euler a", "k_euler_a k_euler_ancestral", AUTOMATIC, "stochastic", "reads_ensd"),
    _sampler("Euler", "k_euler"),
    _sampler("LMS", "k_lms"),
    _sampler("Heun", "k_heun", AUTOMATIC, "second_order"),
    _sampler("DPM2", "k_dpm_2", "Karras", "discards_penultimate", "second_order"),
    _sampler(
        "DPM2 a",
        "k_dpm_2_a",
        "Karras",
        "discards_penultimate",
        "second_order",
        "stochastic",
        "reads_ensd",
    ),
    _sampler("DPM fast", "k_dpm_fast", AUTOMATIC, "own_timesteps", "stochastic", "reads_ensd"),
    _sampler("DPM adaptive", "k_dpm_ad", AUTOMATIC, "own_timesteps", "stochastic", "reads_ensd"),
    _sampler("Restart", "restart", "Karras", "second_order", "stochastic", "reads_ensd"),
    _sampler("DDIM", "ddim", AUTOMATIC, "own_timesteps"),
    _sampler("DDIM CFG++", "ddim_cfgpp", AUTOMATIC, "own_timesteps"),
    _sampler("PLMS", "plms", AUTOMATIC, "own_timesteps"),
    _sampler("UniPC", "unipc", AUTOMATIC, "own_timesteps"),
    _sampler("LCM", "k_lcm", AUTOMATIC, "stochastic", "reads_ensd"),
    # not in A1111: a scheduler of diffusers
    _sampler("TCD", "tcd", AUTOMATIC, "own_timesteps", "stochastic"),
)

SCHEDULES: tuple[ScheduleInfo, ...] = (
    ScheduleInfo(name=AUTOMATIC, aliases=("automatic",)),
    ScheduleInfo(name="Uniform", aliases=("uniform",)),
    ScheduleInfo(name="Karras", aliases=("karras",)),
    ScheduleInfo(name="Exponential", aliases=("exponential",)),
    ScheduleInfo(name="Polyexponential", aliases=("polyexponential",)),
    ScheduleInfo(name="SGM Uniform", aliases=("sgm_uniform", "SGMUniform")),
    ScheduleInfo(name="KL Optimal", aliases=("kl_optimal",)),
    ScheduleInfo(name="Align Your Steps", aliases=("align_your_steps",)),
    ScheduleInfo(name="Simple", aliases=("simple",)),
    ScheduleInfo(name="Normal", aliases=("normal",)),
    ScheduleInfo(name="DDIM", aliases=("ddim",)),
    ScheduleInfo(name="Beta", aliases=("beta",)),
)


def sampler_named(name: str | None) -> SamplerInfo | None:
    """The sampler of exactly this name."""
    return next((sampler for sampler in SAMPLERS if sampler.name == name), None)


def schedule_meant(sampler: str | None, schedule: str | None) -> str | None:
    """The schedule that is used: what "Automatic" means for the sampler, else itself."""
    info = sampler_named(sampler)
    return info.automatic if info and schedule == AUTOMATIC else schedule


def sampler_and_schedule(
    sampler: str | None, schedule: str | None, own_as_automatic: bool = True
) -> tuple[str, str]:
    """The pair that names in a picture or a request mean, "DPM++ 2M Karras" of old too.

    A1111's rule, its defaults for unknown names included.

    Args:
        own_as_automatic: a schedule that is the sampler's own becomes "Automatic".
    """
    name = sampler or SAMPLERS[0].name
    found = next((info for info in SCHEDULES if schedule in (info.name, *info.aliases)), None)
    for info in SCHEDULES:
        for ending in (info.name, *info.aliases):
            if name.endswith(f" {ending}"):
                found, name = info, name.removesuffix(f" {ending}")
                break
    known = sampler_named(name) or SAMPLERS[0]
    if not found or (own_as_automatic and found.name == known.automatic):
        return known.name, AUTOMATIC
    return known.name, found.name
