"""The network is told the scale, and the negative prompt costs nothing."""

from __future__ import annotations

import torch

from tests.engine.stub import StubModel
from webui.core.offers import ModelCard
from webui.core.participants import Step
from webui.core.requests import Txt2Img
from webui.engine.features.distilled import DistilledGuidance
from webui.engine.recipes import RECIPES, Tools, batches


def test_the_scale_is_told_unless_someone_else_said_one():
    step = Step(0, 1, torch.zeros(1, 4, 2, 2), 1.0)
    DistilledGuidance(3.5).before(step)
    DistilledGuidance(7.0).before(step)
    assert step.residuals == {"guidance": 3.5}


class Distilled(StubModel):
    def __init__(self) -> None:
        super().__init__()
        self.info = self.info.model_copy(update={"card": ModelCard(distilled=True)})
        self.told: list[object] = []

    def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
        self.told.append((len(x), residuals))
        return super().predict_x0(x, sigma, embeddings, None, concat)


def test_a_distilled_model_is_called_once_a_step():
    model = Distilled()
    request = Txt2Img(
        prompt="a",
        negative_prompt="b",
        width=64,
        height=64,
        steps=3,
        cfg_scale=4.5,
        sampler="Euler",
        schedule="Automatic",
        seed=1,
        noise_source="cpu",
    )
    tools = Tools(model=lambda name: model)  # pyright: ignore[reportArgumentType]
    for batch in batches(request):
        list(RECIPES["txt2img"](request, batch, tools))
    assert model.told == [(1, {"guidance": 4.5})] * 3
