"""Pictures that a prompt refers to reach models that see several, each in its own size."""

import torch
from PIL import Image

from tests.fakes import FAKE, FakeModel
from webui.core.offers import ModelInfo
from webui.core.requests import Txt2Img
from webui.engine.recipes import RECIPES, Tools, batches

REFS = {name: "sha256:" + digit * 64 for name, digit in (("anna", "a"), ("2", "b"))}
PICTURES = {
    REFS["anna"]: Image.new("RGB", (48, 24), (255, 0, 0)),
    REFS["2"]: Image.new("RGBA", (16, 64), (0, 0, 255, 255)),
}
REQUEST = Txt2Img(
    prompt="put {image:2} on {image:anna} {image:other}", references=REFS, width=64, height=64,
    steps=2, cfg_scale=3, sampler="Euler", schedule="Automatic", seed=1, batch_size=2,
    variation_seed=0, noise_source="cpu",
)  # fmt: skip


class Seeing(FakeModel):
    """As a model that is shown pictures no larger than 32 pixels a side."""

    called = "Picture"

    def __init__(self, info: ModelInfo) -> None:
        super().__init__(info, image_conditioning="reference")
        self.seen: list[list[Image.Image]] = []

    def fitted(self, picture: Image.Image) -> Image.Image:
        return picture.resize((min(picture.width, 32), min(picture.height, 32)))

    def look(self, pictures) -> None:
        self.seen.append(list(pictures))


def drawn(model: FakeModel, request: Txt2Img = REQUEST):
    tools = Tools(model=lambda name: model, picture=PICTURES.__getitem__)
    return [one for batch in batches(request) for one in RECIPES["txt2img"](request, batch, tools)]


def test_each_is_shown_in_the_order_in_which_they_came():
    model = Seeing(FAKE.model_copy(update={"family": "flux2"}))
    made = drawn(model)
    assert {one.parameters.prompt for one in made} == {"put Picture 2 on Picture 1"}
    assert {tuple(one.size for one in seen) for seen in model.seen} == {((48, 24), (16, 64))}
    for concat in model.concats:
        assert isinstance(concat, tuple)
        first, second = concat
        assert (first.shape[1:], second.shape[1:]) == ((4, 3, 4), (4, 4, 2))
        assert torch.equal(first[:, 0], torch.ones_like(first[:, 0])), "red"
        assert torch.equal(second[:, 2], torch.ones_like(second[:, 2])), "blue"


def test_a_model_that_sees_none_is_shown_nothing_and_the_tags_are_taken_out():
    for model in (FakeModel(), Seeing(FAKE)):
        assert {one.parameters.prompt for one in drawn(model)} == {"put on"}
        assert set(model.concats) == {None}
