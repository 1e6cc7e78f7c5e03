"""What pydantic finds wrong, in sentences for people: one for each field, never echoing at length.

Of the values of a request (`explain`), and of those for an extension (`unfitting`).

The gap {label} of a sentence is the field's name; `label` in `values` is the English one, a client
puts its own (`core.texts.field_label`) in its place.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from webui.core.errors import Problem, UserError, in_language
from webui.core.form_fields import schema_of, titles_at
from webui.core.texts import LANGUAGES, Texts, catalogue, field_label, text

MOST_PROBLEMS = 20
SHOWN = 60
"""Characters of a client's own words that are said back."""

Details = Mapping[str, Any]
"""An entry of `ValidationError.errors()`."""

_CODES: Mapping[str, str] = {
    "missing": "missing",
    "string_too_long": "text_too_long",
    "string_too_short": "empty_prompt",  # nothing else has a least length
    "string_pattern_mismatch": "not_a_file_name",  # what else has a pattern names a picture
    "too_long": "list_too_long",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "literal_error": "not_a_choice",
    "dict_type": "not_an_object",
    "mapping_type": "not_an_object",
    "model_type": "not_an_object",
}
_STARTS: Mapping[str, str] = {
    "string": "not_a_text",
    "int": "not_whole",
    "float": "not_a_number",
    "bool": "not_a_switch",
    "tuple": "not_a_list",
    "list": "not_a_list",
}


def explain(
    error: ValidationError, model: type[BaseModel], labels: str = "ui.field"
) -> list[Problem]:
    """One problem a mistake, the first few.

    Args:
        model: what was being read; knows bounds and choices.
        labels: where the catalogue has its fields' names.
    """
    entries = error.errors(include_url=False, include_input=True)[:MOST_PROBLEMS]
    return [_explained(entry, model, labels) for entry in entries]


def problem(
    code: str, field: str | None = None, labels: str = "ui.field", **values: Any
) -> Problem:
    """A problem, with the label of the field filled in."""
    if field is not None:
        values = {"label": field_label(field, "en", labels) or field.split(".")[0], **values}
    return Problem(code=code, field=field, values=values, message=text(f"error.{code}", **values))


def unknown_field(
    name: str, known: Iterable[str], labels: str = "ui.field", part: str = ""
) -> Problem:
    """There is no such field; perhaps another was meant.

    part: of the request in which it was looked for, as `hires.`.
    """
    shown = clipped(name)
    near = nearest(shown, known)
    code = "unknown_field_near" if near else "unknown_field"
    return problem(code, part + shown, labels, name=shown, **({"near": near} if near else {}))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """What may have been meant, whatever its case."""
    by_plain = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name[:SHOWN].casefold(), by_plain, n=1, cutoff=0.5)
    return by_plain[found[0]] if found else None


def clipped(words: str) -> str:
    """A client's own words, short and printable."""
    plain = "".join(c if c.isprintable() else "?" for c in words[: SHOWN + 1])
    return plain if len(plain) <= SHOWN else plain[:SHOWN] + "…"


def unfitting(
    name: str, field: str, error: ValidationError, model: type[BaseModel], texts: Texts
) -> Problem:
    """What is wrong with a request's values for an extension: the first mistake.

    A validator may raise `ValueError` with the code of a sentence of ours, as those of requests do,
    or with a key of the extension's texts.

    Args:
        field: of the request, where the values are.
        model: what was being read.
    """
    first = error.errors(include_url=False)[0]
    where = ".".join([field, *(clipped(str(part)) for part in first["loc"])])
    cause = _cause(first, model, texts)
    told = UserError("extension_value", where, name=name, reason=cause.message).problem
    return told.model_copy(update={"cause": cause})


def own_words(problem: Problem, texts: Texts) -> Problem:
    """A problem whose code is a key of an extension's texts; as it is where it is one of ours."""
    if f"error.{problem.code}" in catalogue("en"):
        return problem
    known = {one: texts[one][problem.code] for one in LANGUAGES if problem.code in texts[one]}
    said = {f"reason:{one}": _filled(words, problem, one) for one, words in known.items()}
    reason = said.get("reason:en", problem.message)
    return Problem(code="as_said", values={"reason": reason, **said}, message=reason)


def _filled(words: str, problem: Problem, language: str) -> str:
    values = {**problem.values, **in_language(problem.values, language)}
    try:
        return words.format_map(values)
    except (KeyError, ValueError, IndexError):  # gaps of another sentence
        return words


def _cause(entry: Details, model: type[BaseModel], texts: Texts) -> Problem:
    place = [str(part) for part in entry["loc"]]
    if entry["type"] == "extra_forbidden":
        known = _bounds(model, place[:-1]).get("properties", {})
        return unknown_field(place[-1], known).model_copy(update={"field": None})
    if entry["type"] == "value_error":
        return own_words(UserError(str(entry["ctx"]["error"])).problem, texts)
    code, values = _worded(entry, _bounds(model, place))
    if code in _OF_REQUESTS:
        code, values = "does_not_fit", {}
    titles = titles_at(model, place)
    others = {f"label:{one}": title for one, title in titles.items() if one != "en"}
    return UserError(code, None, label=titles["en"], **others, **values).problem


_OF_REQUESTS = frozenset({"empty_prompt", "not_a_file_name"})
"""Sentences that speak of one field of requests."""


def _explained(entry: Details, model: type[BaseModel], labels: str) -> Problem:
    place = [str(part) for part in entry["loc"]]
    if entry["type"] == "extra_forbidden":
        known = _bounds(model, place[:-1]).get("properties", {})
        return unknown_field(place[-1], known, labels, "".join(f"{one}." for one in place[:-1]))
    field = ".".join(map(clipped, place[:3]))
    bounds = _bounds(model, place)
    code, values = _worded(entry, bounds)
    return problem(code, field or None, labels, **values)


def _worded(entry: Details, bounds: Details) -> tuple[str, dict[str, Any]]:
    """Code of the sentence and what fills its gaps."""
    kind: str = entry["type"]
    context: Details = entry.get("ctx", {})
    if kind == "multiple_of":
        return _multiple(entry["input"], context["multiple_of"], bounds)
    if kind == "value_error":
        return str(context["error"]), {}
    if kind == "string_pattern_mismatch" and "sha256" in context["pattern"]:
        return "not_a_picture", {}
    if kind == "finite_number":
        return "not_whole" if bounds.get("type") == "integer" else "not_a_number", {}
    code = _CODES.get(kind) or _STARTS.get(kind.partition("_")[0], "does_not_fit")
    return code, _VALUES.get(code, _nothing)(context, bounds)


def _nothing(_context: Details, _bounds: Details) -> dict[str, Any]:
    return {}


_VALUES: Mapping[str, Callable[[Details, Details], dict[str, Any]]] = {
    "text_too_long": lambda context, _: {"limit": context["max_length"]},
    "list_too_long": lambda context, _: {"limit": context["max_length"]},
    "too_small": lambda context, _: {"limit": _plain(context["ge"])},
    "too_large": lambda context, _: {"limit": _plain(context["le"])},
    "not_a_choice": lambda _, bounds: {"choices": ", ".join(map(str, _choices(bounds)))},
}


def _plain(number: float) -> str:
    """30.0 is 30; as a text, since not every client has numbers as large as a seed."""
    return str(int(number) if number == int(number) else number)


def _choices(bounds: Details) -> list[Any]:
    return bounds["enum"] if "enum" in bounds else [bounds.get("const")]


def _multiple(value: Any, step: int, bounds: Details) -> tuple[str, dict[str, Any]]:
    """The two that would do, unless it is out of bounds anyway."""
    below = int(value) // step * step
    if below < bounds.get("minimum", below):
        return "too_small", {"limit": _plain(bounds["minimum"])}
    if below >= bounds.get("maximum", below + 1):
        return "too_large", {"limit": _plain(bounds["maximum"])}
    return "not_a_multiple", {"step": step, "below": below, "above": below + step}


def _bounds(model: type[BaseModel], place: Sequence[str]) -> dict[str, Any]:
    """The schema of a field, or of one of a part; of `X | None` that of X. {} if there is none."""
    schema = schema_of(model)
    parts: dict[str, Any] = schema.get("$defs", {})
    for name in place:
        entry: dict[str, Any] = schema.get("items", {}) if name.isdecimal() else {}
        inner: dict[str, Any] = schema.get("properties", {}).get(name, entry)
        some: dict[str, Any] = {**inner.get("anyOf", [{}])[0], **inner}
        schema = parts.get(str(some.get("$ref", "")).rpartition("/")[2], some)
    return schema
