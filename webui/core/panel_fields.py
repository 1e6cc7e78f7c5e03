"""What extensions' panels have beyond a plain form: pictures, rectangles, lists, menus of models.

They follow from the options' model as `form_fields` do. What a type does not tell stands in a
field's `json_schema_extra`; `docs/extensions.md` names it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast, get_args, get_origin

from pydantic import BaseModel, Field

from webui.core.areas import BOX
from webui.core.form_fields import fields_of, schema_of
from webui.core.pictures import PATTERN

_TOLD = ("mask", "over", "row", "first", "when", "fine")
"""What is passed on of a field's extra as it stands."""

Schema = Mapping[str, Any]


def option(
    default: Any,
    en: str,
    pl: str,
    low: float | None = None,
    high: float | None = None,
    longest: int | None = None,
    step: float | None = None,
    **more: Any,
) -> Any:
    """A field of an extension's options: a pydantic `Field` with its name in both languages.

    Args:
        low, high: bounds of a number.
        longest: letters of a text, or entries of a list, at most.
        step: of which a number is to be a multiple.
        more: what else its extra tells, see `panel_fields`.
    """
    extra: Any = {"titles": {"pl": pl}, **more}
    return Field(
        default=default,
        ge=low,
        le=high,
        multiple_of=step,
        max_length=longest,
        title=en,
        json_schema_extra=extra,
    )


def panel_fields(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The fields of `fields_of`, and those of these kinds among them, for `panel_fields.js`:

    * `models`: a text that names a file of the kind of models in `models`; its `words` are
      what may be chosen besides.
    * `picture`, `pictures`: one, or up to `most`; `mask`: painted, `over` the picture of another
      field.
    * `box`: a rectangle, see `areas.Box`.
    * `rows`: up to `most` values of a model, whose own `fields` these are; `row` names one, `first`
      is the number of the first.

    Each may have `when` (another field -> the values with which this one is shown) and `fine`
    (it stands among what few need). Fields whose extra has `"panel": False` are left out.
    """
    plain = {one["name"]: one for one in fields_of(model)}
    schema = schema_of(model)
    known: Schema = schema.get("$defs", {})
    fields: list[dict[str, Any]] = []
    for name, part in schema.get("properties", {}).items():
        extra = _extra(model, name)
        if extra.get("panel", True) is False:
            continue
        field = _field(model, name, _bare(part, known), known) or plain.get(name)
        if field is None:
            continue
        told = {key: extra[key] for key in _TOLD if key in extra}
        fields.append({**_named(model, name, part), **field, **told})
    return fields


def _field(model: type[BaseModel], name: str, part: Schema, known: Schema) -> dict[str, Any] | None:
    """What is no plain field; None where it is one, or none at all."""
    extra, kind = _extra(model, name), part.get("type")
    if kind == "string" and part.get("pattern") == PATTERN:
        return {"kind": "picture"}
    if kind == "string" and "models" in extra:
        words = {"words": extra["words"]} if "words" in extra else {}
        return {"kind": "models", "models": extra["models"], **words}
    if kind != "array":
        return None
    if part.get("format") == BOX:
        return {"kind": "box"}
    most = {"most": part["maxItems"]} if "maxItems" in part else {}
    items = _bare(part.get("items", {}), known)
    if items.get("pattern") == PATTERN:
        return {"kind": "pictures", **most}
    row = _model_in(model.model_fields[name].annotation)
    if row is None:
        return None
    return {"kind": "rows", "fields": panel_fields(row), **most}


def _named(model: type[BaseModel], name: str, part: Schema) -> dict[str, Any]:
    """What every field tells."""
    english = model.model_fields[name].title or name.replace("_", " ").capitalize()
    title = {"en": english, **_extra(model, name).get("titles", {})}
    default = {"default": part["default"]} if part.get("default") is not None else {}
    return {"name": name, "title": title, **default}


def _bare(part: Schema, known: Schema) -> Schema:
    """The schema itself, of `X | None` the schema of X, of a reference what it refers to."""
    if "$ref" in part:
        return known[str(part["$ref"]).rsplit("/", 1)[1]]
    ways = cast(Sequence[Schema], part.get("anyOf", ()))
    some = [one for one in ways if one.get("type") != "null"]
    return _bare(some[0], known) if len(some) == 1 else part


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """M of `tuple[M, ...]` and of `list[M]`."""
    if get_origin(annotation) is Annotated:
        return _model_in(get_args(annotation)[0])
    if get_origin(annotation) not in (tuple, list):
        return None
    first = get_args(annotation)[0]
    return first if isinstance(first, type) and issubclass(first, BaseModel) else None


def _extra(model: type[BaseModel], name: str) -> Mapping[str, Any]:
    extra = model.model_fields[name].json_schema_extra
    return cast(Mapping[str, Any], extra) if isinstance(extra, dict) else {}
