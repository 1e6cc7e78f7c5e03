"""Well-known models, models defined in small files, and the settings that suit a model."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject
from webui.api.catalog import PATIENCE, for_guests
from webui.api.context import Guest, HostOnly, ServicesHere
from webui.api.errors import BODY, DISK, ID, may_answer
from webui.core.explain import explain
from webui.core.kinds import ModelKind
from webui.core.request import Prompt
from webui.jobs.checks import Refused
from webui.jobs.prompting import NamedModel, named_models
from webui.jobs.services import Services
from webui.library.definitions import (
    LONGEST_FILE,
    Definition,
    Missing,
    parse_definition,
    written,
)
from webui.library.entries import Entry
from webui.library.known import KnownList, find_known, with_places
from webui.library.presets import OwnPreset, PresetKind, PresetList
from webui.library.suiting import Suits, suits

router = APIRouter(route_class=DescribedRoute, tags=["models"])

_LABELS = "ui.field"
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_VALUES = {"requestBody": {"required": True, "content": _OBJECT}}


class DefinitionText(BaseModel):
    """A definition as it stands in its file."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST_FILE)


class PromptTexts(BaseModel):
    """What stands in a form."""

    model_config = ConfigDict(extra="forbid")

    prompt: Prompt = ""
    negative_prompt: Prompt = ""


class NamedModels(BaseModel):
    """What prompts name."""

    models: tuple[NamedModel, ...]


class Defined(BaseModel):
    """A model that a file defines.

    Attributes:
        entry: it, among the models.
        missing: files that it needs and that are not there.
    """

    entry: Entry
    definition: Definition
    missing: tuple[Missing, ...]


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)  # they are known from the answers
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.get("/known-models")
def list_known_models(
    services: ServicesHere,
    search: Annotated[str, Query(max_length=500, description="Words, all of which fit")] = "",
    kind: Annotated[ModelKind | None, Query(description="All kinds without it")] = None,
) -> KnownList:
    """Well-known models: a `download` job takes their names. Asks nothing of the net."""
    page = services.catalog.entries(limit=None, patience=PATIENCE)
    return KnownList(models=with_places(find_known(search, kind), page.entries))


@router.post("/suits", openapi_extra=_VALUES, responses=may_answer(*BODY))
def suits_model(services: ServicesHere, values: JsonObject) -> Suits:
    """Say what a model makes of a request's values, without asking for anything to be drawn."""
    name = values.get("model")
    info = services.catalog.get(name if isinstance(name, str) else None)
    return suits(info, values)


@router.post("/named-models", openapi_extra=_body(PromptTexts), responses=may_answer(*BODY))
def list_named_models(services: ServicesHere, values: JsonObject) -> NamedModels:
    """LoRAs and embeddings that prompts name; those that are not there have no id."""
    try:
        texts = PromptTexts.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, PromptTexts, _LABELS)) from error
    found = named_models(texts.prompt, texts.negative_prompt, services.catalog)
    return NamedModels(models=found)


@router.get("/presets")
def list_presets(services: ServicesHere) -> PresetList:
    """The settings that the user keeps for models, families and LoRAs."""
    return PresetList(presets=services.catalog.presets.all())


@router.put(
    "/presets",
    openapi_extra=_body(OwnPreset),
    dependencies=[HostOnly],
    responses=may_answer(*BODY, *DISK),
)
def keep_preset(services: ServicesHere, values: JsonObject) -> OwnPreset:
    """Keep settings for a model, a family or a LoRA, in the place of those kept before."""
    try:
        preset = OwnPreset.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, OwnPreset, _LABELS)) from error
    services.catalog.presets.keep(preset)
    return preset


@router.delete(
    "/presets", status_code=204, dependencies=[HostOnly], responses=may_answer(*ID, *DISK)
)
def forget_preset(
    services: ServicesHere,
    kind: Annotated[PresetKind, Query()],
    name: Annotated[str, Query(max_length=300, description="Of the model, family or LoRA")],
) -> None:
    """Forget the settings kept for a model, a family or a LoRA."""
    services.catalog.presets.remove(kind, name)


@router.post(
    "/definitions",
    status_code=201,
    openapi_extra=_body(Definition),
    dependencies=[HostOnly],
    responses=may_answer(*BODY, *DISK),
)
def add_definition(services: ServicesHere, values: JsonObject) -> Defined:
    """Define a model: a file beside the others says what it is made of."""
    definition = _definition(values)
    return _defined(services, services.catalog.define(definition), definition)


@router.post(
    "/definitions/import",
    status_code=201,
    openapi_extra=_body(DefinitionText),
    dependencies=[HostOnly],
    responses=may_answer(*BODY, *DISK),
)
def import_definition(services: ServicesHere, values: JsonObject) -> Defined:
    """Take in a definition's file that somebody gave you, by its text."""
    try:
        given = DefinitionText.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, DefinitionText, _LABELS)) from error
    definition = parse_definition(given.text.encode(errors="replace"), "TOML")
    return _defined(services, services.catalog.define(definition), definition)


@router.get("/definitions/{id}", responses=may_answer(*ID))
def get_definition(services: ServicesHere, guest: Guest, id: str) -> Defined:
    """What the file of a model says that is defined by one, and what it lacks."""
    _, definition = services.catalog.definition(id)
    entry = services.catalog.entry(id)
    return _defined(services, for_guests(entry) if guest else entry, definition)


@router.put(
    "/definitions/{id}",
    openapi_extra=_body(Definition),
    dependencies=[HostOnly],
    responses=may_answer(*ID, *BODY, *DISK),
)
def change_definition(services: ServicesHere, id: str, values: JsonObject) -> Defined:
    """Define a model anew."""
    definition = _definition(values)
    return _defined(services, services.catalog.define(definition, id), definition)


@router.get(
    "/definitions/{id}/file",
    response_class=Response,
    responses={
        200: {
            "description": "TOML",
            "content": {"application/toml": {"schema": {"type": "string"}}},
        },
        **may_answer(*ID),
    },
)
def definition_file(services: ServicesHere, id: str) -> Response:
    """The file of a definition, to give it away."""
    path, definition = services.catalog.definition(id)
    name = f"attachment; filename*=UTF-8''{quote(path.name)}"
    headers = {"content-disposition": name, "cache-control": "no-store"}
    return Response(written(definition), 200, headers, "application/toml")


def _definition(values: dict[str, Any]) -> Definition:
    try:
        return Definition.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, Definition, _LABELS)) from error


def _defined(services: Services, entry: Entry, definition: Definition) -> Defined:
    missing = services.catalog.missing(definition)
    return Defined(entry=entry, definition=definition, missing=missing)
