"""Infotext: the parameters of a picture as text, as AUTOMATIC1111 writes and reads them.

<prompt>
Negative prompt: <negative prompt>
Steps: 20, Sampler: Euler a, CFG scale: 7.0, Seed: 1, Size: 512x512, …
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from webui import __version__
from webui.core.request import Storage
from webui.core.requests import Drawing, FromPicture, Hires, Inpaint, Txt2Img
from webui.core.sampling import sampler_named, schedule_meant

Value = str | int | float | bool | None

LOW_BITS = "Diffusion in Low Bits"
STORAGES: Mapping[Storage, str] = {"fp8": "float8-e4m3fn", "8bit": "Q8_0", "4bit": "bnb-nf4"}
"""In Forge's words, which has none for blocks of 8 bits."""

NEGATIVE = "Negative prompt:"
VERSION = f"easel v{__version__}"
LONGEST = 200_000
"""Characters read of an infotext; no program writes that many."""

# A run of letters that no colon follows is skipped whole: reading stays linear.
_PARAMETER = re.compile(
    r"""(?P<key>\w[\w \-/]++):\s*(?P<value>"(?:\\.|[^\\"])++"|[^,]*+)(?:,|$)
    | \w[\w \-/]*+ | .""",
    re.VERBOSE | re.DOTALL,
)
_FEWEST = 3
"""Parameters that a last line must hold, else it is part of the prompt."""
_SIZE = re.compile(r"(\d{1,9})x(\d{1,9})")

_FIRST = (
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Image CFG scale",
    "Seed",
    "Face restoration",
    "Size",
    "Model hash",
    "Model",
    "FP8 weight",
    "Cache FP16 weight for LoRA",
    "VAE hash",
    "VAE",
    "Variation seed",
    "Variation seed strength",
    "Seed resize from",
    "Denoising strength",
    "Conditional mask weight",
    "Clip skip",
    "ENSD",
    "Token merging ratio",
    "Token merging ratio hr",
    "Init image hash",
    "RNG",
    "Tiling",
)
_LAST = ("Version", "User")


@dataclass(frozen=True)
class Parameters:
    """What an infotext says.

    Attributes:
        values: what its last line lists, in order; read ones are strings as written, and a size
            `Size: 512x768` is the two values `Size-1` and `Size-2`.
    """

    prompt: str = ""
    negative_prompt: str = ""
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])


def quote(value: Value) -> Value:
    """The value, as a JSON string where its text would be cut or misread."""
    text = str(value)
    return json.dumps(value, ensure_ascii=False) if any(mark in text for mark in ",:\n") else value


def unquote(text: str) -> str:
    """The text without its JSON quotes; as it is where there are none or they are broken."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    try:
        value: str = json.loads(text)
        value.encode()  # half of a surrogate pair would break every writer
    except ValueError:
        return text
    return value


def build_infotext(parameters: Parameters) -> str:
    """The text. Values that are None are left out; a key equal to its value stands once."""
    listed = ", ".join(
        key if key == value else f"{key}: {quote(value)}"
        for key, value in parameters.values.items()
        if value is not None
    )
    negative = parameters.negative_prompt
    negative_line = f"\n{NEGATIVE} {negative}" if negative else ""
    return f"{parameters.prompt}{negative_line}\n{listed}".strip()


def parse_infotext(text: str) -> Parameters:
    """What the text says; never fails: what makes no sense is part of the prompt."""
    *lines, last = text[:LONGEST].strip().split("\n")
    found = [token for token in _PARAMETER.finditer(last) if token["key"] is not None]
    if len(found) < _FEWEST:
        lines, found = [*lines, last], []
    prompt, negative = _prompts(lines)
    return Parameters(prompt, negative, dict(_values(found)))


def _prompts(lines: list[str]) -> tuple[str, str]:
    prompt: list[str] = []
    negative: list[str] = []
    current = prompt
    for line in (line.strip() for line in lines):
        if line.startswith(NEGATIVE):
            current = negative
            line = line.removeprefix(NEGATIVE).strip()
        current.append(line)
    return "\n".join(prompt).lstrip("\n"), "\n".join(negative).lstrip("\n")


def _values(found: list[re.Match[str]]) -> Iterator[tuple[str, str]]:
    for token in found:
        key, value = token["key"], unquote(token["value"])
        size = _SIZE.fullmatch(value)
        if size:
            yield f"{key}-1", size[1]
            yield f"{key}-2", size[2]
        elif token["value"]:
            yield key, value


def describe(
    request: Drawing,
    prompt: str,
    negative_prompt: str,
    seed: int,
    variation_seed: int,
    model: str,
    model_hash: str | None = None,
    extra: Mapping[str, Value] | None = None,
) -> Parameters:
    """The parameters of one picture of a request whose fields are filled in.

    Args:
        prompt, negative_prompt, seed, variation_seed: of this picture.
        model, model_hash: name and short hash of the model.
        extra: what others add, or know better; they stand in A1111's place where it has one.
    """
    sampler = sampler_named(request.sampler)
    ensd = request.eta_noise_seed_delta if sampler and sampler.reads_ensd else 0
    varied = request.variation_strength != 0
    resized = min(request.seed_resize_width, request.seed_resize_height) > 0
    values: dict[str, Value] = {
        "Steps": request.steps,
        "Sampler": request.sampler,
        "Schedule type": schedule_meant(request.sampler, request.schedule),
        "CFG scale": request.cfg_scale,
        "Seed": seed,
        "Size": f"{request.width}x{request.height}",
        "Model hash": model_hash,
        "Model": model,
        "Variation seed": variation_seed if varied else None,
        "Variation seed strength": request.variation_strength if varied else None,
        "Seed resize from": f"{request.seed_resize_width}x{request.seed_resize_height}"
        if resized
        else None,
        "Shift": request.shift,
        "Clip skip": request.clip_skip if (request.clip_skip or 1) > 1 else None,
        "ENSD": ensd or None,
        "RNG": {"nv": "NV", "cpu": "CPU", None: None}[request.noise_source],
        "Version": VERSION,
        **_of_kind(request),
        **(extra or {}),
    }
    return Parameters(prompt, negative_prompt, in_order(values))


def low_bits(storage: Storage | None) -> dict[str, Value]:
    """What is said of a model that is kept in fewer bits than its file."""
    name = STORAGES.get(storage) if storage else None
    return {LOW_BITS: name} if name else {}


def _of_kind(request: Drawing) -> dict[str, Value]:
    if isinstance(request, Txt2Img) and request.hires:
        return _hires(request, request.hires)
    if isinstance(request, FromPicture):
        masked = _masked(request) if isinstance(request, Inpaint) else {}
        multiplier, extra = request.noise_multiplier, request.extra_noise
        return {
            "Denoising strength": request.strength,
            **masked,
            "Noise multiplier": multiplier if multiplier != 1 else None,
            "Extra noise": extra or None,
        }
    return {}


def _hires(request: Txt2Img, hires: Hires) -> dict[str, Value]:
    """What is None is put in its place, for those who know it."""
    by_size = hires.width or hires.height
    sampler = hires.sampler or request.sampler
    schedule = schedule_meant(sampler, hires.schedule or request.schedule)
    same = schedule == schedule_meant(request.sampler, request.schedule)
    return {
        "Denoising strength": hires.strength,
        "Hires checkpoint": hires.model,
        "Hires sampler": sampler if sampler != request.sampler else None,
        "Hires prompt": None,
        "Hires negative prompt": None,
        "Hires schedule type": None if same else schedule,
        "Hires CFG Scale": hires.cfg_scale,
        "Hires upscale": None if by_size else hires.scale,
        "Hires resize": f"{hires.width}x{hires.height}" if by_size else None,
        "Hires steps": hires.steps or None,
        "Hires upscaler": hires.upscaler,
    }


def _masked(request: Inpaint) -> dict[str, Value]:
    only, content = request.area == "masked", request.content
    values: dict[str, Value] = {}
    if request.soft:
        fields: dict[str, float] = request.soft.model_dump()
        soft = {f"Soft inpainting {key.replace('_', ' ')}": fields[key] for key in fields}
        values = {"Soft inpainting enabled": True, **soft}
    return {
        **values,
        "Mask mode": "Inpaint not masked" if request.invert else None,
        "Mask blur": request.mask_blur or None,
        "Inpaint area": "Only masked" if only else None,
        "Masked area padding": request.padding if only else None,
        "Masked content": content.replace("_", " ") if content != "original" else None,
    }


def in_order(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values in A1111's order, those it does not know before the version."""
    known = {key: values[key] for key in _FIRST if key in values}
    ends = {key: values[key] for key in _LAST if key in values}
    between = {key: value for key, value in values.items() if key not in known | ends}
    return known | between | ends


def with_sizes(values: Mapping[str, Value]) -> dict[str, Value]:
    """Values that were read, with sizes as they stand in the text: `Size-1`, `Size-2` to `Size`."""
    joined: dict[str, Value] = {}
    for key, value in values.items():
        name = key[:-2]
        if key.endswith("-1") and f"{name}-2" in values:
            joined[name] = f"{value}x{values[f'{name}-2']}"
        elif not (key.endswith("-2") and f"{name}-1" in values):
            joined[key] = value
    return joined
