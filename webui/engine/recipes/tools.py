"""What recipes are given and what they give back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from webui.core.events import Phase
from webui.core.participants import Participant
from webui.core.pictures import PictureRef
from webui.core.requests import AnyRequest
from webui.engine.options import Options
from webui.engine.recipes.shots import Shot
from webui.models.family import Model
from webui.prompt.infotext import Parameters, Value
from webui.prompt.networks import Network

Pictures = Callable[[PictureRef], Image.Image]
Extended = Callable[[AnyRequest, Pictures, Pictures], Sequence[Participant]]

Interpolated = Callable[[str, Image.Image, Image.Image, Sequence[float]], Sequence[Image.Image]]


@dataclass(frozen=True)
class Leg:
    """A part of a batch's work, for the news of how far it is.

    Attributes:
        steps: as shown to the user.
        calls: of the model.
        weight: what a call costs, relative to other legs: the pixels it works on.
    """

    steps: int
    calls: int
    weight: float = 1.0


@dataclass(frozen=True)
class Tools:
    """What a recipe is given besides its request.

    Attributes:
        model: loads a model by its name, None for the request's default.
        join: (model, networks, texts, all_fit) brings a model to where exactly these networks of a
            prompt are joined to it, and the embeddings that the texts name; networks that do not
            fit are an error, or left out.
        joined_values: what is said of them in a picture's parameters.
        picture: a picture that a request names, upright, RGB or RGBA.
        has: whether there is a picture of another job of this name.
        mask: a picture that a request names as a mask, of mode L.
        film: where a film that a request names lies.
        depth: (name of a network, (H, W, 3) levels, metric) -> (H, W) how near each pixel is, or,
            metric, how far; None where there is no such network.
        words: (words, (H, W, 3) levels) -> where they are seen, mode L, white there; None where
            there is no network that could.
        flow: (two pictures, (H, W, 3) levels) -> (H, W, 2) how far the pixels of the first one
            move, by a network; None where there is none.
        upscale: (upscaler, picture, width, height) -> that picture at exactly that size.
        restored: (restorer, RGB picture) -> that picture with its faces mended.
        interpolated: (interpolator, two RGB pictures of one size, shares) -> the picture at each
            share of the way from the first to the second.
        preprocess: (preprocessor, RGB picture, its options) -> the map it makes.
        participants: who takes part in every step.
        extended: (request of a frame, its pictures, its masks) -> who takes part in it for the
            values of extensions that it has.
        check: called before each model call; raises to stop.
        phase: told what is being done now; "sampling" begins the next leg.
        legs: told the legs of the batch before the first begins.
        part: (done, total) told of parts of work that calls no model.
        infotext: the parameters in the file of a picture that a request names, or "".
        model_hash: the short hash of a model's file, if known.
        options: settings of schedules, samplers and guidance.
    """

    model: Callable[[str | None], Model]
    join: Callable[[Model, Sequence[Network], Sequence[str], bool], None] = field(
        default=lambda model, networks, texts, all_fit: _joined_nothing(networks)
    )
    joined_values: Callable[[Model, Sequence[Network], Sequence[str]], Mapping[str, Value]] = field(
        default=lambda model, networks, texts: {}
    )
    picture: Callable[[PictureRef], Image.Image] = field(default=lambda ref: _without("picture"))
    has: Callable[[PictureRef], bool] = field(default=lambda ref: False)
    mask: Callable[[PictureRef], Image.Image] = field(default=lambda ref: _without("mask"))
    film: Callable[[PictureRef], Path] = field(default=lambda ref: _without("film"))
    depth: Callable[[str, Any, bool], Any] = field(default=lambda name, levels, metric: None)
    words: Callable[[str, Any], Image.Image | None] = field(default=lambda words, levels: None)
    flow: Callable[[Any, Any], Any] = field(default=lambda first, second: None)
    upscale: Callable[[str, Image.Image, int, int], Image.Image] = field(
        default=lambda name, image, width, height: _without("upscale")
    )
    restored: Callable[[str, Image.Image], Image.Image] = field(
        default=lambda name, image: _without("restored")
    )
    interpolated: Interpolated = field(
        default=lambda name, first, second, shares: _without("interpolated")
    )
    preprocess: Callable[[str, Image.Image, Mapping[str, Any]], Image.Image] = field(
        default=lambda name, image, options: _without("preprocess")
    )
    participants: Sequence[Participant] = ()
    extended: Extended = field(default=lambda request, picture, mask: ())
    check: Callable[[], None] = field(default=lambda: None)
    phase: Callable[[Phase], None] = field(default=lambda phase: None)
    legs: Callable[[Sequence[Leg]], None] = field(default=lambda legs: None)
    part: Callable[[int, int], None] = field(default=lambda done, total: None)
    infotext: Callable[[PictureRef], str] = field(default=lambda ref: "")
    model_hash: Callable[[str], str | None] = field(default=lambda name: None)
    options: Options = field(default=Options())


@dataclass(frozen=True)
class Drawn:
    """A finished picture.

    Attributes:
        index: place among the job's pictures.
        seed: of its noise.
        parameters: what is written into its file.
    """

    index: int
    seed: int
    image: Image.Image
    parameters: Parameters


Recipe = Callable[[Any, Sequence[Shot], Tools], Iterator[Drawn]]
"""(request, batch, tools) -> its pictures, each as soon as it is finished.

The request's fields are filled in with what suits the model; `batch` is one of `batches(request)`,
and each of its pictures is the same when made alone.
"""


def _joined_nothing(networks: Sequence[Network]) -> None:
    if networks:
        _without("join")


def _without(name: str) -> Any:
    raise LookupError(f"this recipe was given no `{name}`")
