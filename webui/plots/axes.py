"""What a plot can vary: the fields of a request, and those of each extension's options.

Nothing is listed by hand but what is no field: parts of the prompt, and the size.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import BaseModel

from webui.core.errors import UserError
from webui.core.form_fields import fields_of, inner_model, schema_of
from webui.core.requests import KINDS, Drawing
from webui.core.texts import LANGUAGES, field_label, text

Kind = Literal["integer", "number", "toggle", "choice", "text", "replace", "order", "size"]
Localized = Mapping[str, str]

UNITS = 3
"""Entries of an extension's list that are offered (`extensions.controlnet.units.0.weight`)."""
_LEFT_OUT = frozenset("image_format file_name folder prompts negative_prompts intent".split())
_MENUS = frozenset("sampler schedule upscaler model vae".split())
_COSTS = {"model": 1.0, "storage": 0.9, "vae": 0.7}
"""What a switch takes, beside a picture: dear ones change least often. A1111's numbers."""

REPLACE, ORDER, SIZE = "prompt_replace", "prompt_order", "size"
_A1111: Mapping[str, str] = {
    "seed": "Seed",
    "variation_seed": "Var. seed",
    "variation_strength": "Var. strength",
    "steps": "Steps",
    "hires.steps": "Hires steps",
    "cfg_scale": "CFG Scale",
    "image_cfg_scale": "Image CFG Scale",
    REPLACE: "Prompt S/R",
    ORDER: "Prompt order",
    "sampler": "Sampler",
    "hires.sampler": "Hires sampler",
    "model": "Checkpoint name",
    "schedule": "Schedule type",
    "clip_skip": "Clip skip",
    "strength": "Denoising",
    "hires.strength": "Denoising",
    "noise_multiplier": "Initial noise multiplier",
    "extra_noise": "Extra noise",
    "hires.upscaler": "Hires upscaler",
    "mask_weight": "Cond. Image Mask Weight",
    "vae": "VAE",
    "refiner.model": "Refiner checkpoint",
    "refiner.switch_at": "Refiner switch at",
    "noise_source": "RNG source",
    "storage": "FP8 mode",
    SIZE: "Size",
}
"""What A1111 calls them, in its menu and in the parameters of a sheet."""
_ONLY_VALUE = frozenset({REPLACE, ORDER, SIZE})


@dataclass(frozen=True)
class Choice:
    """A value of an axis: what it is called by language, and other ways to name it."""

    value: Any
    title: Localized = field(default_factory=dict[str, str])
    aliases: tuple[str, ...] = ()

    def names(self) -> Iterator[str]:
        own = () if self.value is None else (str(self.value),)
        yield from (*own, *self.title.values(), *self.aliases)


Menus = Mapping[str, Sequence[Choice]]
"""What there is to choose from, by field: sampler, schedule, upscaler, model, vae."""


@dataclass(frozen=True)
class Axis:
    """One setting that may differ from cell to cell.

    Attributes:
        id: place of the value in a request, with dots into its parts.
        kind: how values are read.
        title: by language.
        label: its name in a sheet's parameters; A1111's where it has one.
        low, high, step: of numbers; None for no bound.
        choices: of a menu; values that are not among them are refused.
        cost: of a change, beside that of a picture.
    """

    id: str
    kind: Kind
    title: Localized
    label: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[Choice, ...] = ()
    cost: float = 0.0

    def called(self, value: Any, language: str) -> str:
        """What stands beside the pictures of a value."""
        if self.kind == "order":
            return ", ".join(value)
        chosen = next((one for one in self.choices if one.value == value), None)
        told = (chosen.title.get(language) if chosen else None) or _plain(value, language)
        if self.id in _ONLY_VALUE:
            return told
        return f"{self.title.get(language) or self.title['en']}: {told}"

    def said(self) -> dict[str, str]:
        """What a problem calls it, see `Problem.values`."""
        others = {key: one for key, one in self.title.items() if key != "en"}
        return {"axis": self.label, **{f"axis:{key}": one for key, one in others.items()}}

    def names(self) -> set[str]:
        """All that it answers to."""
        return {one.casefold() for one in (self.id, self.label, *self.title.values())}


def _plain(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return text("plot.switch.on" if value else "plot.switch.off", language)
    if isinstance(value, float):
        return f"{round(value, 8):g}"
    return "None" if value is None else str(value)


def axes_of(kind: str, menus: Menus, panels: Iterable[tuple[str, Any]] = ()) -> list[Axis]:
    """All axes of a kind of request that draws.

    Args:
        menus: what there is to choose from.
        panels: of extensions: their names, and what has a title by language and `options`.
    """
    model = KINDS[kind]
    found = [*_of_prompts(), *_of_model(model, "", _titled, menus)]
    if "width" in model.model_fields:
        found.append(Axis(SIZE, "size", _in_all("plot.axis.size"), _A1111[SIZE]))
    for name, panel in panels:
        own = _Titles(panel.title, name)
        found += _of_model(panel.options, f"extensions.{name}.", own, {})
    return found


def find_axis(axes: Sequence[Axis], name: str, place: str) -> Axis:
    """An axis by its id, or by any of its names.

    place: `x`, `y` or `z`, for the sentence.

    Raises:
        UserError: there is none.
    """
    wanted = name.strip().casefold()
    exact = [one for one in axes if one.id == name.strip()]
    found = exact or [one for one in axes if wanted in one.names()] or _unlisted(axes, wanted)
    if not found:
        raise UserError("axis_unknown", f"{place}.axis", name=name[:60])
    return found[0]


def _unlisted(axes: Sequence[Axis], wanted: str) -> list[Axis]:
    """Of a list of an extension's, entries beyond those that are offered."""
    parts = wanted.split(".")
    places = [at for at, part in enumerate(parts) if part.isdecimal() and len(part) < 3]
    if not wanted.startswith("extensions.") or len(places) != 1:
        return []
    at = places[0]
    first = ".".join([*parts[:at], "0", *parts[at + 1 :]])
    return [_numbered(one, wanted, int(parts[at]) + 1) for one in axes if one.id == first]


def _numbered(axis: Axis, id: str, number: int) -> Axis:
    def counted(said: str) -> str:
        return said.replace("] 1 ", f"] {number} ", 1)

    title = {language: counted(said) for language, said in axis.title.items()}
    return replace(axis, id=id, title=title, label=counted(axis.label))


def _of_prompts() -> Iterator[Axis]:
    yield Axis(REPLACE, "replace", _in_all("plot.axis.replace"), _A1111[REPLACE])
    yield Axis(ORDER, "order", _in_all("plot.axis.order"), _A1111[ORDER])


def _in_all(key: str) -> dict[str, str]:
    return {language: text(key, language) for language in LANGUAGES}


def _titled(place: str, data: Mapping[str, Any]) -> Localized:
    """A request's fields are called as in the forms."""
    said = {language: field_label(place, language) for language in LANGUAGES}
    return {key: one for key, one in said.items() if one} or data["title"]


class _Titles:
    """What an extension's fields are called: behind its own name."""

    def __init__(self, title: Localized, name: str) -> None:
        self._title = title
        self._name = name

    def __call__(self, place: str, data: Mapping[str, Any]) -> Localized:
        numbers = [str(int(part) + 1) for part in place.split(".") if part.isdecimal()]
        return {
            language: " ".join([f"[{self._called(language)}]", *numbers, said])
            for language, said in data["title"].items()
        }

    def _called(self, language: str) -> str:
        return self._title.get(language) or self._title.get("en") or self._name


def _of_model(model: type[BaseModel], prefix: str, titles: Any, menus: Menus) -> Iterator[Axis]:
    pictures = _pictures_in(model)
    plain = {one["name"]: one for one in fields_of(model)}
    for name in model.model_fields:
        place = prefix + name
        if place in _LEFT_OUT or name in pictures:
            continue
        if name in plain:
            yield _axis(place, plain[name], titles(place, plain[name]), menus)
        elif inner := inner_model(model, name):
            entries = range(UNITS) if _is_list(model, name) else [None]
            for entry in entries:
                more = f"{place}." if entry is None else f"{place}.{entry}."
                yield from _of_model(inner, more, titles, menus)


def _axis(place: str, data: Mapping[str, Any], title: Localized, menus: Menus) -> Axis:
    name = place.rpartition(".")[2]
    kind: Kind = data["kind"]
    choices = tuple(
        Choice(one, data.get("words", {}).get(one, {})) for one in data.get("choices", ())
    )
    if name in _MENUS and not place.startswith("extensions."):
        kind, choices = "choice", tuple(menus.get(name, ()))
        if name == "upscaler" and not place.startswith("hires."):
            choices = tuple(one for one in choices if not str(one.value).startswith("Latent"))
    return Axis(
        place,
        kind,
        title,
        _A1111.get(place, title.get("en") or place),
        data.get("min"),
        data.get("max"),
        data.get("step"),
        choices,
        _COSTS.get(name, 0.0) if kind in ("choice", "text") else 0.0,
    )


def _pictures_in(model: type[BaseModel]) -> set[str]:
    """Fields that name pictures."""
    properties = schema_of(model).get("properties", {})
    return {name for name, part in properties.items() if "sha256" in json.dumps(part)}


def _is_list(model: type[BaseModel], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return getattr(annotation, "__origin__", None) in (tuple, list)


def kinds_with_axes() -> list[str]:
    """Kinds of requests that a plot can be of."""
    return [name for name, model in KINDS.items() if issubclass(model, Drawing)]
