"""Settings files of animations: Deforum's, of any age, and ours, which say `"compat": "native"`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from webui.timeline.parameters import DEFORUM, NATIVE, PARAMETERS
from webui.timeline.problems import Finding, finding
from webui.timeline.setting_values import Doubt, checked

Compat = Literal["deforum-3", "native"]
COMPATS: tuple[Compat, ...] = ("deforum-3", "native")

MAX_CHARACTERS = 20_000_000

_SAVED_AS = {
    "animation_prompts_positive": "positive_prompts",
    "animation_prompts_negative": "negative_prompts",
}
_ALIASES = {**{saved: name for name, saved in _SAVED_AS.items()}, "animation_prompts": "prompts"}
_NOTES = (
    "compat",
    "sd_model_name",
    "sd_model_hash",
    "deforum_git_commit_id",
    "init_sample",
    "outdir",
    "override_settings_with_file",
    "custom_settings_file",
)
"""Keys that say nothing about the animation."""

_UNUSED = {"init_images": "use_looper"}
"""What may be broken as long as its switch is off."""


@dataclass(frozen=True)
class Settings:
    """The settings of one animation, complete.

    Attributes:
        compat: `deforum-3` is done to the number like the extension, `native` corrects it.
        values: a value for every parameter of `parameters.PARAMETERS`.
        given: the parameters that the file had.
        unknown: keys of the file that mean nothing.
        errors: what cannot be used; the values hold the defaults there.
        warnings: what was taken otherwise than it is written.
    """

    compat: Compat
    values: Mapping[str, Any]
    given: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def native(self) -> bool:
        """Whether it is native mode."""
        return self.compat == "native"


@dataclass
class _Reading:
    errors: list[Finding] = field(default_factory=list[Finding])
    warnings: list[Finding] = field(default_factory=list[Finding])


def read_settings(text: str, compat: Compat = "deforum-3") -> Settings:
    """Read a settings file.

    Args:
        text: the file, a JSON object.
        compat: the mode of a file that does not name one.

    Never raises for what a file can hold: errors are in the result.
    """
    try:
        loaded, twice = _load(text)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        return _broken(finding("settings", "settings_json", error.pos, **place), compat)
    except RecursionError:
        return _broken(finding("settings", "settings_deep", 0), compat)
    except ValueError as error:
        reason = str(error)
        return _broken(finding("settings", "settings_number", 0, reason=reason), compat)
    if not isinstance(loaded, dict):
        return _broken(finding("settings", "settings_object", 0), compat)
    settings = settings_of(cast(dict[str, Any], loaded), compat)
    told = tuple(finding(name, "settings_twice") for name in twice)
    return replace(settings, warnings=(*settings.warnings, *told))


def _broken(error: Finding, compat: Compat) -> Settings:
    return Settings(compat, defaults(), errors=(error,))


def _load(text: str) -> tuple[Any, list[str]]:
    """What a file says, and the names that stand twice in an object of it."""
    twice: list[str] = []

    def refuse(name: str) -> Any:
        raise ValueError(name)

    def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(name for name, _ in pairs)
        twice.extend(name for name, count in counts.items() if count > 1)
        return dict(pairs)

    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"> {MAX_CHARACTERS}")
    text = text.removeprefix("\ufeff")
    return json.loads(text, parse_constant=refuse, object_pairs_hook=as_object), twice


def defaults() -> dict[str, Any]:
    """Every parameter with its default."""
    return {name: parameter.default for name, parameter in PARAMETERS.items()}


def settings_of(values: Mapping[str, Any], compat: Compat = "deforum-3") -> Settings:
    """The settings of values by Deforum's names, old names and ours, completed by the defaults.

    Args:
        values: as in a settings file.
        compat: the mode where the values name none.
    """
    reading = _Reading()
    mode = values.get("compat", compat)
    if mode not in COMPATS:
        choices = ", ".join(COMPATS)
        reading.errors.append(
            finding("compat", "settings_choice", found=_shown(mode), choices=choices)
        )
        mode = compat
    given = {_ALIASES.get(name, name): value for name, value in upgraded(values, mode).items()}
    unknown = tuple(name for name in given if name not in PARAMETERS and name not in _NOTES)
    reading.warnings += [finding(name, "settings_unknown") for name in unknown]
    if "prompts" not in given:
        reading.warnings.append(finding("prompts", "settings_no_prompts"))
    complete = defaults()
    for name, value in sorted(given.items(), key=lambda item: item[0] in _UNUSED):
        if name in PARAMETERS:
            _take(name, value, complete, reading)
        if name in NATIVE and mode != "native":
            reading.warnings.append(finding(name, "settings_native"))
    return Settings(
        mode,
        complete,
        frozenset(given) & frozenset(PARAMETERS),
        unknown,
        tuple(reading.errors),
        tuple(reading.warnings),
    )


def _take(name: str, value: Any, complete: dict[str, Any], reading: _Reading) -> None:
    try:
        complete[name], doubt = checked(PARAMETERS[name], value)
    except Doubt as error:
        told = finding(name, error.code, None, found=_shown(value), **error.values)
        unused = name in _UNUSED and not complete[_UNUSED[name]]
        (reading.warnings if unused else reading.errors).append(told)
        return
    if doubt:
        told = finding(name, doubt.code, None, found=_shown(value), **doubt.values)
        reading.warnings.append(told)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"


def upgraded(values: Mapping[str, Any], compat: Compat = "deforum-3") -> dict[str, Any]:
    """Values by the names and choices of Deforum's last version, from those of older ones."""
    new = dict(values)
    for old, name in (
        ("flip_2d_perspective", "enable_perspective_flip"),
        ("skip_video_for_run_all", "skip_video_creation"),
    ):
        if old in new:
            new[name] = new.pop(old)
    if compat == "deforum-3":
        new.setdefault("legacy_colormatch", True)
    coherence = new.get("color_coherence")
    if isinstance(coherence, str):
        new["color_coherence"] = coherence.removeprefix("Match Frame 0 ")
    for name, yes in (
        ("hybrid_composite", "Normal"),
        ("optical_flow_cadence", "DIS Fine"),
        ("optical_flow_redo_generation", "DIS Fine"),
    ):
        if isinstance(new.get(name), bool):
            new[name] = yes if new[name] else "None"
    if "use_zoe_depth" in new:
        zoe = new.pop("use_zoe_depth")
        new["depth_algorithm"] = "Zoe+AdaBins (old)" if zoe else "Midas+AdaBins (old)"
    _upgrade_controlnet(new)
    return new


def _upgrade_controlnet(new: dict[str, Any]) -> None:
    for name, value in list(new.items()):
        if not name.startswith("cn_"):
            continue
        if name.endswith(("_weight", "_guidance_start", "_guidance_end")):
            if isinstance(value, int | float) and not isinstance(value, bool):
                new[name] = f"0:({value})"
        elif value == "Envelope (Outer Fit)" and name[3:] in (
            f"{unit}_resize_mode" for unit in (1, 2, 3)
        ):
            new[name] = "Outer Fit (Shrink to Fit)"


def write_settings(settings: Settings) -> str:
    """A settings file that `read_settings` reads back to the same, and Deforum reads too.

    Prompts and global texts stay apart, so that loading them adds nothing twice.
    """
    native = {"compat": settings.compat}
    names = [name for name, row in DEFORUM.items() if row.saved or name in settings.given]
    if settings.native:
        names += [name for name in PARAMETERS if name not in DEFORUM]
    values = {_SAVED_AS.get(name, name): settings.values[name] for name in names}
    return json.dumps({**native, **values}, ensure_ascii=False, indent=4, allow_nan=False)
