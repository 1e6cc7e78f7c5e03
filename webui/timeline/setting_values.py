"""Whether a value from a settings file fits its parameter, and what it is taken for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from webui.timeline.parameter import Kind, Parameter

MAX_FRAMES = 216_000
"""Two hours at 30 frames a second."""
MAX_TEXT = 1_000_000

_TRAILING_COMMA = re.compile(r",(\s*[}\]])")


class Doubt(Exception):
    """A value that does not fit; `code` and `values` word it."""

    def __init__(self, code: str, **values: str | int | float) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def checked(parameter: Parameter, value: Any) -> tuple[Any, Doubt | None]:
    """The value to use, and if it was not quite as it should be, why.

    Raises:
        Doubt: it cannot be used.
    """
    taken, doubt = _READERS[parameter.kind](parameter, value)
    if isinstance(taken, int | float) and not isinstance(taken, bool):
        doubt = _check_range(parameter, taken) or doubt
    return taken, doubt


def _check_range(parameter: Parameter, value: float) -> Doubt | None:
    if parameter.least is not None and value < parameter.least:
        raise Doubt("settings_least", least=parameter.least)
    if parameter.name == "max_frames" and value > MAX_FRAMES:
        raise Doubt("settings_most", most=MAX_FRAMES)
    low, high = parameter.low, parameter.high
    if low is not None and high is not None and not low <= value <= high:
        return Doubt("settings_range", low=low, high=high)
    return None


Read = tuple[Any, Doubt | None]


def _number(parameter: Parameter, value: Any) -> Read:
    doubt = None
    if isinstance(value, str):
        try:
            value = float(value) if parameter.kind == "number" else _whole(value)
        except ValueError:
            raise Doubt("settings_type", wanted="number") from None
        if parameter.name != "diffusion_redo":  # Deforum saves this one as a text
            doubt = Doubt("settings_taken", taken=str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Doubt("settings_type", wanted="number")
    if not abs(value) < 2**63:
        raise Doubt("settings_type", wanted="number")
    if parameter.kind == "int":
        whole = int(value)
        return whole, doubt if whole == value else Doubt("settings_taken", taken=str(whole))
    return value, doubt


def _whole(text: str) -> int | float:
    return int(text) if text.strip().lstrip("+-").isdecimal() else float(text)


def _switch(parameter: Parameter, value: Any) -> Read:
    if isinstance(value, bool):
        return value, None
    words = {0: False, 1: True, "false": False, "true": True, "": False, None: False}
    try:
        taken = words[value.lower() if isinstance(value, str) else value]
    except (KeyError, TypeError):
        raise Doubt("settings_type", wanted="true / false") from None
    return taken, Doubt("settings_taken", taken=str(taken).lower())


def _text(parameter: Parameter, value: Any) -> Read:
    if value is None:
        return parameter.default, None
    if parameter.name == "parseq_manifest" and isinstance(value, dict):
        value = json.dumps(value)
    doubt = None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300:
        value = str(value)
        doubt = Doubt("settings_taken", taken=f'"{value}"')
    if not isinstance(value, str):
        raise Doubt("settings_type", wanted='"text"')
    if len(value) > MAX_TEXT:
        raise Doubt("settings_most", most=MAX_TEXT)
    return value, doubt


def _choice(parameter: Parameter, value: Any) -> Read:
    if parameter.name == "fill" and type(value) is int and 0 <= value < len(parameter.choices):
        return parameter.choices[value], None
    if value is None and "None" in parameter.choices:
        value = "None"
    if value in parameter.choices:
        return value, None
    choices = ", ".join(parameter.choices)
    if isinstance(value, str):
        same = [choice for choice in parameter.choices if choice.lower() == value.strip().lower()]
        if same:
            return same[0], Doubt("settings_taken", taken=same[0])
        if parameter.open:
            return value, Doubt("settings_choice", choices=choices)
    raise Doubt("settings_choice", choices=choices)


def _schedule(parameter: Parameter, value: Any) -> Read:
    if isinstance(value, int | float) and not isinstance(value, bool):
        taken = f"0:({value})"
        return taken, Doubt("settings_taken", taken=taken)
    if not isinstance(value, str):
        raise Doubt("settings_type", wanted='"0:(1)"')
    if len(value) > MAX_TEXT:
        raise Doubt("settings_most", most=MAX_TEXT)
    return value, None


def _json(parameter: Parameter, value: Any) -> Read:
    if value is None or value == "":
        return {}, None
    loaded = _lenient(value) if isinstance(value, str) else value
    if not isinstance(loaded, dict) or not _is_json(loaded):
        raise Doubt("settings_type", wanted='{"0": …}')
    return cast(dict[str, Any], loaded), None


def _lenient(text: str) -> Any:
    """JSON in a text; a comma before a closing bracket is forgiven."""
    place = 0
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text)):
        try:
            return json.loads(attempt)
        except (ValueError, RecursionError) as error:
            place = error.pos if isinstance(error, json.JSONDecodeError) else 0
    raise Doubt("settings_inner_json", place=place + 1)


def _is_json(value: Any) -> bool:
    """Whether it can be written again: 1e999 in a file is read as infinity."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _image(parameter: Parameter, value: Any) -> Read:
    if value is not None and not isinstance(value, str):
        raise Doubt("settings_type", wanted='"text"')
    return value, None


def _prompts(parameter: Parameter, value: Any) -> Read:
    """A table of prompts: an object frame -> text, or rows with `frame`, `prompt`, `negative`,
    `blend`, `weight`."""
    loaded = _lenient(value) if isinstance(value, str) else value
    if isinstance(loaded, list):
        rows = cast(list[Any], loaded)
        wrong = next((place for place, row in enumerate(rows, 1) if not _is_row(row)), None)
        if wrong is not None:
            raise Doubt("settings_prompt_row", row=wrong)
        if not _is_json(rows):
            raise Doubt("settings_prompt_rows")
        return rows, None
    if not isinstance(loaded, dict):
        raise Doubt("settings_prompt_rows")
    table = cast(dict[str, Any], loaded)
    for key, prompt in table.items():
        if not isinstance(prompt, str):
            raise Doubt("settings_prompt_text", key=key)
    return table, None


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    fields = cast(dict[str, Any], row)
    texts = all(isinstance(fields.get(name, ""), str) for name in ("prompt", "negative", "blend"))
    numbers = all(_is_text_or_number(fields.get(name, "")) for name in ("frame", "weight"))
    known = {"frame", "prompt", "negative", "blend", "weight"}
    return texts and numbers and "frame" in fields and fields.keys() <= known


def _is_text_or_number(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


_READERS: Mapping[Kind, Callable[[Parameter, Any], Read]] = {
    "bool": _switch,
    "int": _number,
    "number": _number,
    "text": _text,
    "choice": _choice,
    "schedule": _schedule,
    "texts": _schedule,
    "json": _json,
    "image": _image,
    "prompts": _prompts,
}
