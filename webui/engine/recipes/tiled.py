"""A large picture drawn over in tiles, by a model that draws small ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from webui.core.participants import Participant, Step
from webui.core.requests import TiledDiffusion
from webui.core.sampling import schedule_meant
from webui.engine.noise import NoiseSource
from webui.engine.plan import Plan, plan
from webui.engine.recipes.passes import Pass, Start, walk
from webui.engine.recipes.shots import SEEDS, plain
from webui.engine.recipes.tools import Leg, Tools
from webui.engine.tiled_model import GRANULE, TiledModel, decoded, encoded, tiles_of
from webui.imaging.drift import without_drift
from webui.imaging.tiles import Tiling
from webui.models.family import Model
from webui.prompt.infotext import LOW_BITS, Value, low_bits


@dataclass(frozen=True)
class Complete:
    """The fields with what suits the model where nothing was asked for."""

    sampler: str
    schedule: str
    steps: int
    cfg_scale: float
    tile: int


def redrawn(
    diffusion: TiledDiffusion, image: Image.Image, tools: Tools
) -> tuple[Image.Image, Mapping[str, Value]]:
    """The RGB picture with detail that the model adds, and what is to be said of it.

    Its broad colours stay (see `webui.imaging.drift`): neither the autoencoder nor a tile of which
    the model sees nothing else may shift them.
    """
    if not diffusion.strength:
        return image, {}
    model = tools.model(diffusion.model)
    fields = complete(diffusion, model)
    stride = model.latent.stride
    canvas = _padded(image, GRANULE * stride)
    cut = cut_of(canvas, fields.tile, diffusion.overlap, stride)
    side = fields.tile // stride  # all that the model sees at once
    levels = model.noise_levels(side, side)
    steps = plan(
        fields.sampler, fields.schedule, fields.steps, levels, tools.options, diffusion.strength
    )
    result = _drawn_over(diffusion, fields, canvas, cut, steps, model, tools)
    result = without_drift(result.crop((0, 0, *image.size)), image)
    return result, _values(diffusion, fields, model, tools)


def complete(diffusion: TiledDiffusion, model: Model) -> Complete:
    """What is drawn with: as asked for, else as the model's card says."""
    card = model.info.card
    return Complete(
        diffusion.sampler or card.sampler,
        diffusion.schedule or card.schedule,
        diffusion.steps or card.steps,
        diffusion.cfg_scale or card.cfg_scale,
        diffusion.tile or min(card.width, card.height),
    )


def cut_of(canvas: Image.Image, tile: int, overlap: int, stride: int) -> Tiling:
    """The tiles of a picture's latents; large ones begin at multiples of `GRANULE`.

    So what participants add inside the network can be cut into tiles too.
    """
    return tiles_of(canvas.width // stride, canvas.height // stride, tile, overlap, stride)


def _drawn_over(
    diffusion: TiledDiffusion,
    fields: Complete,
    canvas: Image.Image,
    cut: Tiling,
    steps: Plan,
    model: Model,
    tools: Tools,
) -> Image.Image:
    news = _News(tools)
    words = plain(diffusion.prompt, diffusion.negative_prompt)
    guided = words.prompt != words.negative  # else the negative prompt changes nothing
    noise = NoiseSource(
        "nv", (model.latent.channels, cut.height, cut.width), [diffusion.seed % SEEDS]
    )
    tiles = len(cut.boxes())
    tools.legs([Leg(steps.calls * tiles, steps.calls, cut.width * cut.height)])
    with model.running():
        tools.phase("encoding")
        one = Pass(
            model=TiledModel(model, cut, tools.check, news.tile_done),
            plan=steps,
            words=[words],
            noise=noise,
            cfg_scale=fields.cfg_scale if guided else 1.0,
            clip_skip=model.info.card.clip_skip,
            start=Start(encoded(model, canvas, cut, tools.check)),
            participants=[news],
        )
        latents, _ = walk(one, tools)
        tools.phase("decoding")
        return decoded(model, latents, cut, tools.check)


class _News(Participant):
    """Tells of every tile of every step."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._index, self._total, self._most = 0, 1, 0

    def before(self, step: Step) -> None:
        self._index, self._total, self._most = step.index, step.total, 0

    def tile_done(self, done: int, total: int) -> None:
        self._most = max(self._most, done)  # the negative prompt may be a call of its own
        self._tools.part(self._index * total + self._most, self._total * total)


def _padded(image: Image.Image, multiple: int) -> Image.Image:
    """The RGB picture continued to the right and down, by its last pixels, to a multiple."""
    right, down = (-side % multiple for side in image.size)
    if not right and not down:
        return image
    return Image.fromarray(np.pad(np.asarray(image), ((0, down), (0, right), (0, 0)), "edge"))


def _values(
    diffusion: TiledDiffusion, fields: Complete, model: Model, tools: Tools
) -> dict[str, Value]:
    return {
        "Tiled diffusion strength": diffusion.strength,
        "Tiled diffusion prompt": diffusion.prompt or None,
        "Tiled diffusion negative prompt": diffusion.negative_prompt or None,
        "Tiled diffusion steps": fields.steps,
        "Tiled diffusion sampler": fields.sampler,
        "Tiled diffusion schedule type": schedule_meant(fields.sampler, fields.schedule),
        "Tiled diffusion CFG scale": fields.cfg_scale,
        "Tiled diffusion seed": diffusion.seed,
        "Tiled diffusion tile": fields.tile,
        "Tiled diffusion overlap": diffusion.overlap,
        "Tiled diffusion model": model.info.id,
        "Tiled diffusion model hash": tools.model_hash(model.info.id),
        "Tiled diffusion low bits": low_bits(model.info.card.storage).get(LOW_BITS),
    }
