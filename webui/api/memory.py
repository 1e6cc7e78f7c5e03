"""What a request would need of memory, told before it is sent."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject, described
from webui.api.context import ServicesHere
from webui.api.errors import BODY, may_answer
from webui.core.explain import explain
from webui.core.memory import Estimate, estimate, sentence
from webui.core.texts import LANGUAGES
from webui.jobs.checks import Refused
from webui.jobs.extending import without_schedules
from webui.library.needs import Asked, bytes_beside, sizes_of

router = APIRouter(route_class=DescribedRoute, tags=["jobs"])


class Needs(BaseModel):
    """What a request needs of memory."""

    estimate: Estimate | None = Field(description="Null while no worker has told of its memory")
    sentence: dict[str, str] = Field(
        description="By language; empty where all fits as it is and there is nothing to say"
    )


@router.post("/estimate", openapi_extra=described("Txt2Img"), responses=may_answer(*BODY))
def estimate_memory(services: ServicesHere, values: JsonObject) -> Needs:
    """About how much memory a request would need, and what would be done to make it fit.

    Takes what a job takes; what is not there, or not known, counts as usual.
    """
    try:
        asked = Asked.of(values)
    except ValidationError as error:
        raise Refused(explain(error, Asked)) from error
    told = asked.extensions
    if values.get("kind") == "animation":
        told = without_schedules(told, services.extensions)
    if problems := services.extensions.problems_with(told):
        raise Refused(problems)
    memory = services.jobs.memory
    info = services.catalog.get(asked.model).stored(asked.storage)
    if memory is None:
        return Needs(estimate=None, sentence=dict.fromkeys(LANGUAGES, ""))
    width = 4 if memory.kind == "cpu" else 2
    uses = services.extensions.models_of(values, told)
    work = asked.of_model(info, bytes_beside(uses, services.catalog.find, width))
    found = estimate(sizes_of(info, width), work, memory.within(services.settings.memory_budget))
    said = {language: sentence(found, language) for language in LANGUAGES}
    return Needs(estimate=found, sentence=said)
