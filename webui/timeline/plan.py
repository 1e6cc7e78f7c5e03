"""The plan of an animation: what every frame is made with, before any model is loaded."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.core.sampling import SAMPLERS, SCHEDULES
from webui.timeline import seeds
from webui.timeline.camera import moved
from webui.timeline.deforum_keyframes import read_keys
from webui.timeline.deforum_prompts import (
    animated,
    interpolated,
    listed,
    merged,
    origins_of,
    table_of_rows,
)
from webui.timeline.keyframes import Clock, frame_of
from webui.timeline.keyframes import read_keys as native_keys
from webui.timeline.limits import clamps
from webui.timeline.named import named
from webui.timeline.output import unmet
from webui.timeline.parseq import PROMPT, Manifest, read_manifest
from webui.timeline.problems import Finding, FormulaError, finding, found_in
from webui.timeline.prompt_texts import Part, PromptSeries
from webui.timeline.prompts import has_ways, native_prompts, prompt_keys, prompt_weights
from webui.timeline.series import AllSeries, evaluate_all
from webui.timeline.settings_file import Settings

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plan:
    """What every frame of an animation is made with.

    Attributes:
        settings: what it was made from.
        frames: how many.
        fps: frames a second.
        cadence: of so many frames one is generated, at least.
        start_seed: the first seed; drawn if the settings have -1.
        generated: the frames that are generated; the others are filled in between.
        series: parameter -> a number for every frame, (frames,). One that has an error is missing.
        texts: parameter -> a text for every frame.
        positive, negative: the prompts of every frame as they reach the generator.
        seeds: of every frame; one that is filled in has that of the last generated one. -1 has
            the generator draw one (Deforum's mode only).
        subseeds: the seeds of the variation, -1 for none.
        subseed_strengths: how much of the variation, (frames,).
        guides: the pictures that guide the animation and the frames where they begin.
        moves: parameter -> how much every frame moves, where that is not what `series` says.
        errors, warnings: what is wrong; with errors it cannot be rendered.
        prompt_parts: key of a prompt as written -> how much of the frames is its, in native mode.
    """

    settings: Settings
    frames: int
    fps: float
    cadence: int
    start_seed: int
    generated: tuple[int, ...]
    series: Mapping[str, Array]
    texts: Mapping[str, tuple[str, ...]]
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    seeds: tuple[int, ...]
    subseeds: tuple[int, ...]
    subseed_strengths: Array
    guides: tuple[tuple[int, str], ...] = ()
    moves: Mapping[str, Array] = field(default_factory=dict[str, Array])
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    prompt_parts: Mapping[str, Part] = field(default_factory=dict[str, Part])

    @property
    def ok(self) -> bool:
        """Whether it can be rendered."""
        return not self.errors

    @property
    def mode(self) -> str:
        """`2D`, `3D`, `Video Input` or `Interpolation`."""
        return self.settings.values["animation_mode"]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is generated, in pixels: multiples of 8, cut like Deforum's."""
        width, height = self.settings.values["W"], self.settings.values["H"]
        return width - width % 8, height - height % 8

    @property
    def written(self) -> int:
        """How many frames come out: in Deforum's mode a cadence loses those at the end."""
        if self.settings.native or self.cadence == 1 or self.mode not in ("2D", "3D"):
            return self.frames
        return (len(self.generated) - 1) * self.cadence

    def is_generated(self, frame: int) -> bool:
        """Whether a frame is generated, not filled in between others."""
        place = bisect_left(self.generated, frame)
        return place < len(self.generated) and self.generated[place] == frame

    def moving(self, name: str) -> Array:
        """How much every frame moves by a schedule of the camera, (frames,)."""
        return self.moves.get(name, self.series[name])

    def value(self, name: str) -> Any:
        """The value of a setting that is the same for all frames."""
        return self.settings.values[name]


def plan_of(
    settings: Settings, draw: random.Random | None = None, footage: int | None = None
) -> Plan:
    """Work out every frame of an animation, and all that is wrong with its settings.

    Args:
        settings: what was read from a file or a form; its errors are the plan's, too.
        draw: where a start seed of -1 and random seeds come from. Without it the start seed is
            drawn by the system, and all others from it.
        footage: how many frames its clips give it (`footage.length`), which then are as many as
            it has; None where there is no clip, or nobody has looked into it.
    """
    problems = _Problems(list(settings.errors), list(settings.warnings))
    values = settings.values
    manifest = _manifest(settings, problems)
    overriding = manifest is not None and values["parseq_non_schedule_overrides"]
    frames = manifest.frames if manifest and overriding else values["max_frames"]
    frames = footage or frames
    fps = (manifest.fps if manifest and overriding else None) or values["fps"]
    cadence = (manifest.cadence if manifest and overriding else None) or values["diffusion_cadence"]
    start = seeds.start_seed(values["seed"], draw or random.SystemRandom())
    clock = Clock(frames, start, values["W"], values["H"], fps, values["bpm"])
    names = named(clock, values["labels"], values["series"])
    clock = names.clock
    problems.errors += names.findings
    made = evaluate_all(settings, clock, manifest)
    problems.errors += made.errors
    problems.warnings += made.warnings
    prompts = _prompts(settings, clock, manifest)
    problems.errors += prompts.findings
    if not settings.native and has_ways(values["prompts"]):
        problems.warnings.append(finding("prompts", "prompts_ways_native"))
    guides = _guides(settings, clock, problems)
    generated = _generated(settings, clock, cadence, guides)
    _warn_of_lost_frames(settings, frames, cadence, problems)
    _warn_of_samplers(settings, made, problems)
    problems.warnings += unmet(values)
    problems.warnings += clamps(values, made.series)
    subseeds, strengths = _variations(settings, made, manifest, clock)
    return Plan(
        settings,
        frames,
        float(fps),
        cadence,
        start,
        generated,
        made.series,
        made.texts,
        prompts.positive,
        prompts.negative,
        _seeds(settings, made, manifest, start, frames, generated, draw or random.Random(start)),
        subseeds,
        strengths,
        guides,
        moved(made.series, values, clock, problems.errors) if settings.native else {},
        tuple(problems.errors),
        tuple(problems.warnings),
        prompts.parts,
    )


@dataclass
class _Problems:
    errors: list[Finding]
    warnings: list[Finding]


def _manifest(settings: Settings, problems: _Problems) -> Manifest | None:
    text = settings.values["parseq_manifest"]
    if not text or not text.strip():
        return None
    try:
        return read_manifest(text)
    except FormulaError as error:
        problems.errors.append(found_in("parseq_manifest", error))
        return None


def _prompts(settings: Settings, clock: Clock, manifest: Manifest | None) -> PromptSeries:
    values = settings.values
    positive = values["animation_prompts_positive"]
    negative = values["animation_prompts_negative"]
    interpolation = values["animation_mode"] == "Interpolation"
    if manifest and manifest.manages(PROMPT):
        texts = manifest.texts(PROMPT, clock.frames)
        return listed(texts, "parseq_manifest", clock.seed)
    table = values["prompts"]
    if settings.native:
        blend = values["prompt_blend"] or ("linear" if interpolation else "step")
        return native_prompts(table, positive, negative, clock, blend)
    table = table_of_rows(table)
    texts, origins = merged(table, positive, negative), origins_of(table, positive, negative)
    make = interpolated if interpolation else animated
    return make(texts, clock.frames, clock.seed, origins)


def _generated(
    settings: Settings, clock: Clock, cadence: int, guides: Sequence[tuple[int, str]]
) -> tuple[int, ...]:
    """In native mode the last frame is generated too, so that all N frames can be filled in, and
    so are those where a guiding picture stands."""
    frames = clock.frames
    if settings.values["animation_mode"] in ("Video Input", "Interpolation"):
        return tuple(range(frames))
    if not settings.native:
        return tuple(range(0, frames, cadence))
    ends = {0, frames - 1, *(frame for frame, _ in guides if 0 <= frame < frames)}
    if settings.values["diffuse"] == "keys":
        return tuple(sorted(ends | _keyed(settings, clock)))
    return tuple(sorted({*ends, *range(0, frames, cadence)}))


def _keyed(settings: Settings, clock: Clock) -> set[int]:
    """The frames of the keys of prompts, their weights and strengths; of what is broken, none."""
    keys = prompt_keys(settings.values["prompts"])
    places: set[float] = set()
    for key in keys:
        with suppress(FormulaError):  # told with the prompts
            places.add(frame_of(key, 0, clock))
    with suppress(FormulaError):
        places |= {key.frame for key in native_keys(settings.values["strength_schedule"], clock)}
    for weight in prompt_weights(settings.values["prompts"]):
        with suppress(FormulaError):
            places |= {key.frame for key in native_keys(weight, clock)}
    return {round(place) for place in places if 0 <= round(place) < clock.frames}


def _warn_of_lost_frames(
    settings: Settings, frames: int, cadence: int, problems: _Problems
) -> None:
    if settings.native or cadence == 1 or settings.values["animation_mode"] not in ("2D", "3D"):
        return
    written = cadence * ((frames - 1) // cadence)
    problems.warnings.append(
        finding("diffusion_cadence", "cadence_loses", None, written=written, frames=frames)
    )


def _warn_of_samplers(settings: Settings, made: AllSeries, problems: _Problems) -> None:
    """Names that are none of ours; a sampler of an extension may be meant."""
    names: dict[str, tuple[str, ...]] = {"sampler": (settings.values["sampler"],)}
    if settings.values["enable_sampler_scheduling"]:
        names["sampler_schedule"] = made.texts.get("sampler_schedule", ())
    for parameter, used in names.items():
        for name in dict.fromkeys(used):
            if not is_known_sampler(name):
                problems.warnings.append(finding(parameter, "sampler_unknown", None, name=name))


def is_known_sampler(name: str) -> bool:
    """Whether a name such as `dpm++ 2m karras` is a sampler of ours, with or without a schedule."""
    name = name.strip().lower()
    endings = [f" {known.lower()}" for row in SCHEDULES for known in (row.name, *row.aliases)]
    stems = [name, *(name.removesuffix(ending) for ending in endings)]
    known = {known.lower() for row in SAMPLERS for known in (row.name, *row.aliases)}
    return any(stem in known for stem in stems)


def _seeds(
    settings: Settings,
    made: AllSeries,
    manifest: Manifest | None,
    start: int,
    frames: int,
    generated: Sequence[int],
    draw: random.Random,
) -> tuple[int, ...]:
    values = settings.values
    managed = manifest is not None and manifest.manages("seed")
    if values["seed_behavior"] == "schedule" or values["use_looper"] or managed:
        if "seed_schedule" not in made.series:
            return (start,) * frames
        whole = seeds.scheduled(made.series["seed_schedule"])
        return tuple(seeds.drawn(whole, start) if settings.native else whole)
    behavior, count, repeat = values["seed_behavior"], len(generated), values["seed_iter_N"]
    if settings.native:
        sequence = seeds.native_sequence(behavior, start, count, repeat)
    else:
        sequence = seeds.sequence(behavior, start, count, draw, repeat)
    return tuple(sequence[bisect_right(generated, frame) - 1] for frame in range(frames))


def _variations(
    settings: Settings, made: AllSeries, manifest: Manifest | None, clock: Clock
) -> tuple[tuple[int, ...], Array]:
    """Deforum's Interpolation mode uses the schedules of variation whether they are on or off."""
    values = settings.values
    used = values["enable_subseed_scheduling"]
    used = used or (manifest is not None and manifest.manages("subseed"))
    used = used or (not settings.native and values["animation_mode"] == "Interpolation")
    names = ("subseed_schedule", "subseed_strength_schedule")
    if not used or any(name not in made.series for name in names):
        return (-1,) * clock.frames, np.zeros(clock.frames)
    subseeds = seeds.scheduled(made.series[names[0]])
    if settings.native:
        subseeds = seeds.drawn(subseeds, clock.seed)
    return tuple(subseeds), made.series[names[1]]


def _guides(settings: Settings, clock: Clock, problems: _Problems) -> tuple[tuple[int, str], ...]:
    values = settings.values
    if not values["use_looper"]:
        return ()
    if not values["strength"]:
        problems.errors.append(finding("strength", "guides_strength"))
    if not values["init_images"]:
        problems.errors.append(finding("init_images", "guides_missing"))
    guides: dict[int, str] = {}
    for key, path in values["init_images"].items():
        try:
            guides[_guide_frame(key, settings, clock)] = str(path)
        except FormulaError as error:
            problems.errors.append(found_in(f"init_images.{key}", error))
    return tuple(sorted(guides.items()))


def _guide_frame(key: str, settings: Settings, clock: Clock) -> int:
    if settings.native:
        return round(frame_of(key, 0, clock))
    if not key.strip() or "," in key or ":" in key:
        raise FormulaError("schedule_key", 0, found=key)
    return min(read_keys(f"{key}:(0)", clock.frames, clock.seed))
