"""What a finished picture says of how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image

from webui.core.participants import Participant
from webui.core.requests import Drawing
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.tools import Drawn, Tools
from webui.models.family import Model
from webui.prompt.grammar import read_prompts
from webui.prompt.infotext import Value, describe, low_bits

_HIRES = ("Hires prompt", "Hires negative prompt")


def drawn(
    request: Drawing,
    shot: Shot,
    image: Image.Image,
    model: Model,
    tools: Tools,
    values: Mapping[str, Value] | None = None,
) -> Drawn:
    """The picture as the participants leave it, with its parameters.

    Args:
        values: what is known of this run beyond the request.
    """
    name = model.info.id
    read = read_prompts(shot.words.prompt, shot.words.negative)
    again = read_prompts(*(str((values or {}).get(key) or "") for key in _HIRES))
    networks = (*read.networks, *again.networks)
    texts = [one for prompts in (read, again) for one in (prompts.positive, prompts.negative)]
    parameters = describe(
        request,
        shot.words.prompt,
        shot.words.negative,
        shot.seed,
        shot.variation_seed,
        name,
        tools.model_hash(name),
        {
            **sampling_values(request, tools),
            **tools.joined_values(model, networks, texts),
            **said_by(tools.participants),
            **low_bits(model.info.card.storage),
            **(values or {}),
            **_without_shift(request, model),
        },
    )
    return Drawn(shot.index, shot.seed, finished(image, tools.participants), parameters)


def _without_shift(request: Drawing, model: Model) -> dict[str, Value]:
    """A shift says nothing of a model that is no flow."""
    asked = request.shift is not None
    return {"Shift": None} if asked and not model.noise_levels(8, 8).flow else {}


def said_by(participants: Sequence[Participant]) -> dict[str, Value]:
    """What participants add to the parameters."""
    return {name: text for one in participants for name, text in one.parameters().items()}


def finished(image: Image.Image, participants: Sequence[Participant]) -> Image.Image:
    """The picture after all participants have had it."""
    for participant in sorted(participants, key=lambda one: one.order):
        image = participant.image(image)
    return image


def sampling_values(request: Drawing, tools: Tools) -> dict[str, Value]:
    """Settings of sampling that A1111 writes down."""
    if request.schedule == "Beta":
        options = tools.options
        return {
            "Beta schedule alpha": options.beta_alpha,
            "Beta schedule beta": options.beta_beta,
        }
    return {}


def refined(request: Drawing, tools: Tools, took_over: bool) -> dict[str, Value]:
    """What is said of the refiner: it is named where it took over."""
    refiner, values = request.refiner, dict[str, Value]()
    if refiner and tools.options.refiner_by_steps:
        values["Refiner switch by sampling steps"] = True
    if refiner and took_over:
        name = titled(refiner.model, tools)
        values |= {"Refiner": name, "Refiner switch at": refiner.switch_at}
    return values


def titled(model: str, tools: Tools) -> str:
    """How A1111 names a model beside the first one: with its short hash, where that is known."""
    short = tools.model_hash(model)
    return f"{model} [{short}]" if short else model
