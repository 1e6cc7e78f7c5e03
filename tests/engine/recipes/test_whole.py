"""Pictures by a pipeline that draws them by itself."""

from __future__ import annotations

import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.requests import Hires, Refiner, Txt2Img
from webui.engine.recipes import RECIPES, Tools, batches
from webui.models.whole import Asked


class Pipeline:
    """Gives pictures of one colour, and records what it was asked for."""

    def __init__(self) -> None:
        self.info = ModelInfo(id="whole", path="whole", format="diffusers", family="diffusers")
        self.asked: list[Asked] = []

    def draw(self, asked, step_done):
        self.asked.append(asked)
        for step in range(asked.steps):
            step_done(step + 1, asked.steps)
        return Image.new("RGB", (asked.width, asked.height), (asked.seed, 0, 0))

    def reads(self, words):
        return False

    def names_in(self, texts, names):
        return frozenset()


def request(**more):
    fields = {
        "prompt": "a",
        "negative_prompt": "b",
        "width": 64,
        "height": 96,
        "steps": 3,
        "cfg_scale": 4.5,
        "sampler": "Euler",
        "schedule": "Automatic",
        "seed": 1,
        "batch_size": 2,
        "noise_source": "cpu",
    }
    return Txt2Img(**{**fields, **more})


def drawn(asked, pipeline, **tools):
    given = Tools(model=lambda name: pipeline, **tools)
    return [one for batch in batches(asked) for one in RECIPES["txt2img"](asked, batch, given)]


def test_each_picture_is_asked_for_with_its_own_seed():
    pipeline, parts = Pipeline(), []
    made = drawn(request(), pipeline, part=lambda done, total: parts.append((done, total)))
    assert pipeline.asked == [Asked("a", "b", 64, 96, 3, 4.5, seed) for seed in (1, 2)]
    assert [one.image.getpixel((0, 0)) for one in made] == [(1, 0, 0), (2, 0, 0)]
    assert parts == [(step, 6) for step in range(1, 7)]
    assert made[1].seed == 2


def test_it_can_be_stopped_between_two_steps():
    checks: list[int] = []

    def check():
        checks.append(1)
        if len(checks) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drawn(request(), Pipeline(), check=check)


@pytest.mark.parametrize(
    "more",
    [
        {"hires": Hires(scale=2.0)},
        {"refiner": Refiner(model="x", switch_at=0.8)},
        {"prompt": "a <lora:x:1>"},
    ],
)
def test_what_it_cannot_do_is_said(more):
    with pytest.raises(UserError) as raised:
        drawn(request(**more), Pipeline())
    assert raised.value.problem.code == "model_text_only"
