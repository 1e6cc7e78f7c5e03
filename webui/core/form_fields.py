"""Forms follow from pydantic models: bounds, choices and defaults stand in one place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast, get_args

from pydantic import BaseModel


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema, not to be changed: made once, as that takes milliseconds."""
    return model.model_json_schema()


def fields_of(model: type[BaseModel], parts: bool = False) -> list[dict[str, Any]]:
    """What a form needs to know of a model's fields, as plain data for `assets/fields.js`.

    Each has `name`, `kind` (number, integer, text, toggle, choice), `title` (by language) and,
    where they exist, `default`, `min`, `max`, `step`, `choices`, `longest`, and `words` (choice ->
    what it is called, by language). Fields of other kinds (lists, mappings, constants) are no form
    fields and are left out.

    Args:
        parts: go into fields that are models themselves: `hires.steps`.
    """
    schema = schema_of(model)
    known = schema.get("$defs", {})
    fields: list[dict[str, Any]] = []
    for name, part in schema.get("properties", {}).items():
        field = _field(name, part, known)
        if field is not None:
            fields.append({**field, "title": _titles(model, name), **_words(model, name)})
        elif parts and (inner := _model_in(model.model_fields[name].annotation)):
            fields += [{**one, "name": f"{name}.{one['name']}"} for one in fields_of(inner)]
    return fields


def titles_at(model: type[BaseModel], place: Sequence[str]) -> dict[str, str]:
    """What the field at a place is called, by language: `Units 2 › Weight`.

    Args:
        place: names of fields, and numbers of entries from 0; what is no field is left out.
    """
    said: dict[str, list[str]] = {}
    inner: type[BaseModel] | None = model
    for part in place:
        if inner is not None and part in inner.model_fields:
            titles = _titles(inner, part)
            said = {
                language: [*said.get(language, said.get("en", [])), title]
                for language, title in {**dict.fromkeys(said, titles["en"]), **titles}.items()
            }
            inner = inner_model(inner, part)
        elif part.isdecimal() and said:
            for names in said.values():
                names[-1] = f"{names[-1]} {int(part) + 1}"
    return {language: " › ".join(names) for language, names in said.items()} or {"en": "?"}


def inner_model(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model in a field: M of `M`, `M | None`, `tuple[M, ...]` and `list[M]`."""
    todo: list[Any] = [model.model_fields[name].annotation]
    while todo:
        one = todo.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
        todo += [part for part in get_args(one) if part is not type(None)]
    return None


def _model_in(annotation: object) -> type[BaseModel] | None:
    """M of `M` and of `M | None`."""
    given: tuple[object, ...] = get_args(annotation)
    found, *others = [one for one in given if one is not type(None)] or [annotation]
    if isinstance(found, type) and issubclass(found, BaseModel) and not others:
        return found
    return None


def _field(name: str, part: dict[str, Any], known: dict[str, Any]) -> dict[str, Any] | None:
    """One field, or None where a form has nothing for it."""
    wanted = _without_null(part, known)
    kind = _kind(wanted)
    if kind is None:
        return None
    field: dict[str, Any] = {"name": name, "kind": kind}
    sources = {
        "default": "default",
        "min": "minimum",
        "max": "maximum",
        "step": "multipleOf",
        "choices": "enum",
        "longest": "maxLength",
    }
    for key, source in sources.items():
        value = {**wanted, **part}.get(source)
        if value is not None:
            field[key] = value
    return field


def _without_null(part: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, of `X | None` the schema of X, of a reference what it refers to."""
    if "$ref" in part:
        return known[part["$ref"].rsplit("/", 1)[1]]
    some = [option for option in part.get("anyOf", []) if option.get("type") != "null"]
    return _without_null(some[0], known) if len(some) == 1 else part


def _kind(part: dict[str, Any]) -> str | None:
    if "enum" in part:
        return "choice"
    kinds = {"integer": "integer", "number": "number", "string": "text", "boolean": "toggle"}
    return None if "const" in part else kinds.get(str(part.get("type")))


def _titles(model: type[BaseModel], name: str) -> dict[str, str]:
    """A field's name by language: `title` is English, `titles` of the extra has the others."""
    others = _extra(model, name).get("titles")
    english = model.model_fields[name].title or name.replace("_", " ").capitalize()
    return {"en": english, **(cast("dict[str, str]", others) if isinstance(others, dict) else {})}


def _words(model: type[BaseModel], name: str) -> dict[str, Any]:
    """What a field's choices are called: `words` of the extra."""
    words = _extra(model, name).get("words")
    return {"words": words} if words else {}


def _extra(model: type[BaseModel], name: str) -> dict[str, Any]:
    extra = model.model_fields[name].json_schema_extra
    return cast("dict[str, Any]", extra) if isinstance(extra, dict) else {}
