"""What the parameters of a picture are called in a request: the names between the two."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from webui.core.requests import Content
from webui.core.sampling import SCHEDULES, sampler_and_schedule
from webui.prompt.infotext import LOW_BITS, STORAGES, Value

FindModel = Callable[[str], str | None]
"""The id of a model by name or hash; None if there is none."""
Read = Callable[[Value], Any]
"""One value as a request has it; None if it makes no sense."""
Table = Mapping[str, tuple[str, Value, Read]]
"""Field -> infotext's key, what its absence means (None: nothing), how it is read."""

_WHOLE = re.compile(r"[+-]?\d{1,20}")
_SHORT_TITLE = re.compile(r"(?P<name>.+?) \[(?P<hash>[0-9a-fA-F]{4,64})\]")
"""A1111's way to name a model beside the first one."""
_SAME = "Use same "


def whole(value: Value) -> int | None:
    """A whole number, None if it is none."""
    text = str(value).strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def _decimal(value: Value) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _switch(value: Value) -> bool | None:
    return {"True": True, "False": False}.get(str(value))


def _choice(meanings: Mapping[str, Any]) -> Read:
    return lambda value: meanings.get(str(value))


_STORED: Mapping[str, str] = {
    **{name: storage for storage, name in STORAGES.items()},
    **{"float8-e5m2": "fp8", "bnb-fp4": "4bit"},
}


def _storage(value: Value) -> str | None:
    return _STORED.get(str(value).removesuffix(" (fp16 LoRA)"))


_NUMBERS: Table = {
    "steps": ("Steps", None, whole),
    "cfg_scale": ("CFG scale", None, _decimal),
    "seed": ("Seed", None, whole),
    "width": ("Size-1", None, whole),
    "height": ("Size-2", None, whole),
    "variation_seed": ("Variation seed", -1, whole),
    "variation_strength": ("Variation seed strength", 0, _decimal),
    "seed_resize_width": ("Seed resize from-1", 0, whole),
    "seed_resize_height": ("Seed resize from-2", 0, whole),
    "clip_skip": ("Clip skip", None, whole),
    "shift": ("Shift", None, _decimal),
    "vae": ("VAE", None, _text),
    "storage": (LOW_BITS, None, _storage),
    "eta_noise_seed_delta": ("ENSD", 0, whole),
}
_HIRES: Table = {
    "upscaler": ("Hires upscaler", None, _text),
    "steps": ("Hires steps", 0, whole),
    "strength": ("Denoising strength", None, _decimal),
    "scale": ("Hires upscale", None, _decimal),
    "width": ("Hires resize-1", 0, whole),
    "height": ("Hires resize-2", 0, whole),
    "cfg_scale": ("Hires CFG Scale", None, _decimal),
    "prompt": ("Hires prompt", "", _text),
    "negative_prompt": ("Hires negative prompt", "", _text),
}
_PICTURE: Table = {
    "strength": ("Denoising strength", None, _decimal),
    "image_cfg_scale": ("Image CFG scale", None, _decimal),
    "extra_noise": ("Extra noise", 0.0, _decimal),
    "noise_multiplier": ("Noise multiplier", 1.0, _decimal),
}
_MASK: Table = {
    "mask_blur": ("Mask blur", 0, whole),
    "invert": ("Mask mode", None, _choice({"Inpaint masked": False, "Inpaint not masked": True})),
    "content": (
        "Masked content",
        None,
        _choice({one.replace("_", " "): one for one in get_args(Content)}),
    ),
    "area": ("Inpaint area", None, _choice({"Whole picture": "whole", "Only masked": "masked"})),
    "padding": ("Masked area padding", None, whole),
    "mask_weight": ("Conditional mask weight", None, _decimal),
}
_SOFT: Table = {
    "schedule_bias": ("Soft inpainting schedule bias", None, _decimal),
    "preservation_strength": ("Soft inpainting preservation strength", None, _decimal),
    "transition_contrast_boost": ("Soft inpainting transition contrast boost", None, _decimal),
    "mask_influence": ("Soft inpainting mask influence", None, _decimal),
    "difference_threshold": ("Soft inpainting difference threshold", None, _decimal),
    "difference_contrast": ("Soft inpainting difference contrast", None, _decimal),
}
_UPSCALE: Table = {
    "by": ("Postprocess upscale by", None, _decimal),
    "width": ("Postprocess upscale to-1", 0, whole),
    "height": ("Postprocess upscale to-2", 0, whole),
    "upscaler": ("Postprocess upscaler", None, _text),
    "upscaler_2": ("Postprocess upscaler 2", None, _text),
    "mix": ("Postprocess upscaler 2 visibility", None, _decimal),
    "storage": ("Tiled diffusion low bits", None, _storage),
}
_TILED: Table = {
    "strength": ("Tiled diffusion strength", None, _decimal),
    "prompt": ("Tiled diffusion prompt", "", _text),
    "negative_prompt": ("Tiled diffusion negative prompt", "", _text),
    "steps": ("Tiled diffusion steps", None, whole),
    "cfg_scale": ("Tiled diffusion CFG scale", None, _decimal),
    "seed": ("Tiled diffusion seed", None, whole),
    "tile": ("Tiled diffusion tile", None, whole),
    "overlap": ("Tiled diffusion overlap", None, whole),
}
_SOFT_SWITCH = "Soft inpainting enabled"
_HIRES_KEYS = frozenset(
    {"Hires upscale", "Hires upscaler", "Hires steps", "Hires resize-1", "First pass size-1"}
)
_MASK_KEYS = frozenset(
    {"Mask blur", "Mask mode", "Masked content", "Inpaint area", "Masked area padding"}
)


@dataclass(frozen=True)
class Pasted:
    """Parameters on their way into a request.

    Attributes:
        values: completed (`webui.prompt.pasting.with_defaults`).
        given: the keys that the picture itself has.
        find_model: without it, models are named as in the picture.
    """

    values: Mapping[str, Value]
    given: frozenset[str]
    find_model: FindModel | None = None

    def fields(self) -> dict[str, Any]:
        """Fields of a request by name, its parts as mappings. What cannot be read is left out.

        `hires` and `refiner` are None where the picture has none; the fields of a mask are there
        only where it had one. `upscale` is what was done to it afterwards, None for nothing.
        """
        fields = {
            **self._read(_NUMBERS),
            "noise_source": "cpu" if self.values["RNG"] == "CPU" else "nv",
            **_sampling(self.values.get("Sampler"), self.values["Schedule type"]),
            **_known(model=self._model(self._written("Model hash", "Model"))),
            "hires": self._hires(),
            "refiner": self._refiner(),
            "upscale": self._upscale(),
        }
        if fields["hires"] is None and "Denoising strength" in self.given:
            fields |= self._read(_PICTURE)
        if self.given & _MASK_KEYS:
            fields |= {**self._read(_MASK), "soft": self._soft()}
        return fields

    def _read(self, table: Table) -> dict[str, Any]:
        return _known(
            **{name: read(self.values.get(key, no)) for name, (key, no, read) in table.items()}
        )

    def _hires(self) -> dict[str, Any] | None:
        """A second pass; what it does as the first pass does is left out."""
        if not self.given & _HIRES_KEYS:
            return None
        sampler, schedule = str(self.values["Hires sampler"]), self.values["Hires schedule type"]
        own: dict[str, str] = {}
        if not sampler.startswith(_SAME):
            own = _sampling(sampler, None)
            if own.get("sampler") == sampler:  # no schedule in the name, as of old
                del own["schedule"]
        if any(schedule == info.name for info in SCHEDULES):
            own["schedule"] = str(schedule)
        return {**self._read(_HIRES), **own, **_known(model=self._other("Hires checkpoint"))}

    def _refiner(self) -> dict[str, Any] | None:
        model = self._other("Refiner")
        switch = _decimal(self.values.get("Refiner switch at"))
        return {"model": model, **_known(switch_at=switch)} if model else None

    def _soft(self) -> dict[str, Any] | None:
        return self._read(_SOFT) if _switch(self.values.get(_SOFT_SWITCH)) else None

    def _upscale(self) -> dict[str, Any] | None:
        if "Postprocess upscaler" not in self.given:
            return None
        return {**self._read(_UPSCALE), "diffusion": self._tiled()}

    def _tiled(self) -> dict[str, Any] | None:
        if "Tiled diffusion strength" not in self.given:
            return None
        sampler, schedule = (
            self.values.get(f"Tiled diffusion {key}") for key in ("sampler", "schedule type")
        )
        names = self._written("Tiled diffusion model hash", "Tiled diffusion model")
        return {
            **self._read(_TILED),
            **_sampling(sampler, schedule),
            **_known(model=self._model(names)),
        }

    def _written(self, *keys: str) -> list[str]:
        return [str(self.values[key]) for key in keys if self.values.get(key)]

    def _other(self, key: str) -> str | None:
        """A model beside the first one, written `name [hash]` or `name`."""
        title = str(self.values.get(key) or "")
        if not title or title.startswith(_SAME):
            return None
        parts = _SHORT_TITLE.fullmatch(title)
        return self._model([parts["hash"], parts["name"]] if parts else [title])

    def _model(self, names: list[str]) -> str | None:
        """names: the surest first, the one for people last."""
        if self.find_model is None:
            return names[-1] if names else None
        return next((id for id in map(self.find_model, names) if id), None)


def _sampling(sampler: Value, schedule: Value) -> dict[str, str]:
    """Both, or nothing where we do not have the sampler."""
    written = str(sampler or "")
    name, meant = sampler_and_schedule(written, None if schedule is None else str(schedule))
    return {"sampler": name, "schedule": meant} if written.startswith(name) else {}


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
