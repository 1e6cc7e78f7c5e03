"""Pictures from text by a pipeline that draws them by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from webui.core.errors import UserError
from webui.core.requests import Txt2Img
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.told import drawn
from webui.engine.recipes.tools import Drawn, Leg, Tools
from webui.models.whole import Asked, WholePipeline
from webui.prompt.grammar import read_prompts
from webui.prompt.infotext import LOW_BITS, Value


def whole(
    request: Txt2Img, pipeline: WholePipeline, batch: Sequence[Shot], tools: Tools
) -> Iterator[Drawn]:
    """The pictures of one batch, one after the other.

    Raises:
        UserError: a second pass, a refiner or a LoRA is asked for.
    """
    assert request.width and request.height and request.steps and request.cfg_scale is not None
    joins = any(read_prompts(shot.words.prompt, "").networks for shot in batch)
    if request.hires or request.refiner or joins:
        raise UserError("model_text_only", "model", file=pipeline.info.id)
    total = request.steps * len(batch)
    tools.legs([Leg(total, total, request.width * request.height)])
    tools.phase("sampling")
    for number, shot in enumerate(batch):
        before = number * request.steps

        def step_done(done: int, steps: int, before: int = before) -> None:
            tools.check()
            tools.part(min(before + done, total), total)

        asked = Asked(
            prompt=shot.words.prompt,
            negative=shot.words.negative,
            width=request.width,
            height=request.height,
            steps=request.steps,
            cfg_scale=request.cfg_scale,
            seed=shot.seed,
        )
        tools.check()
        image = pipeline.draw(asked, step_done)
        values: dict[str, Value] = {"Size": f"{image.width}x{image.height}"}
        values |= dict.fromkeys(("Sampler", "Schedule type", LOW_BITS))
        model: Any = pipeline  # of a model the parameters need its info only
        yield drawn(request, shot, image, model, tools, values)
