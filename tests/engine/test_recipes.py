from collections.abc import Iterable

import pytest
import torch
from PIL import Image

from tests.engine.stub import StubModel, tools_of
from webui.core.participants import Participant
from webui.core.paths import Paths
from webui.core.requests import LARGEST_SEED, Txt2Img
from webui.engine.recipes import Drawn, Words, shots, words
from webui.engine.recipes.txt2img import txt2img
from webui.library.catalog import Catalog
from webui.models.manager import ModelManager

COMPLETE = {
    "sampler": "Euler a", "schedule": "Automatic", "steps": 4, "cfg_scale": 5, "width": 64,
    "height": 72, "seed": 7, "variation_seed": 3, "noise_source": "nv",
}  # fmt: skip


def request(**changes) -> Txt2Img:
    return Txt2Img.model_validate({"prompt": "a cat", **COMPLETE, **changes})


def images(drawn: Iterable[Drawn]) -> list[Image.Image]:
    return [one.image for one in drawn]


def test_seeds_count_up_and_with_a_variation_the_variation_does():
    plain = shots(request(batch_count=2, batch_size=2))
    assert [(shot.index, shot.seed) for shot in plain] == [(0, 7), (1, 8), (2, 9), (3, 10)]
    varied = shots(request(batch_size=3, variation_strength=0.5))
    assert [(shot.seed, shot.variation_seed) for shot in varied] == [(7, 3), (7, 4), (7, 5)]
    assert [shot.seed for shot in shots(request(seed=LARGEST_SEED, batch_size=2))] == [
        LARGEST_SEED,
        0,
    ]


def test_each_picture_may_have_its_own_words():
    rewritten = request(batch_count=2, prompts=("red (-bad)", "blue"), negative_prompts=("x", ""))
    assert [words(rewritten, index) for index in (0, 1)] == [
        Words("red", "x, bad"),
        Words("blue", ""),
    ]


def test_names_of_pictures_are_not_read_as_words():
    one = request(prompt="a cat, {image:b} on a mat (-rain)", prompts=())
    assert words(one, 0) == Words("a cat, on a mat", "rain")
    own = request(prompt="x", prompts=("{image} fox",))
    assert words(own, 0).prompt == "fox"


def test_embeddings_in_comfyuis_writing_are_called_by_their_names():
    one = request(prompt="a cat (embedding:worse (-embedding:sub/bad.pt)", negative_prompt="x")
    assert words(one, 0) == Words("a cat (worse", "x, bad")


def test_a_comment_says_nothing():
    assert words(request(prompt="a cat # (-dog)"), 0) == Words("a cat \n", "")


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M SDE", "Heun", "DDIM"])
def test_a_picture_is_the_same_alone_and_in_a_batch(sampler):
    asked = request(sampler=sampler, batch_size=3)
    pictures = shots(asked)
    model = StubModel()
    together = images(txt2img(asked, pictures, tools_of(model)))
    alone = images(txt2img(asked, pictures[1:2], tools_of(model)))
    assert together[1].tobytes() == alone[0].tobytes()
    assert together[0].tobytes() != together[1].tobytes()


def test_phases_are_told_and_a_check_stops_before_decoding():
    phases: list[str] = []
    list(txt2img(request(), shots(request()), tools_of(phase=phases.append)))
    assert phases == ["encoding", "sampling", "decoding"]

    def stop() -> None:
        raise TimeoutError

    phases.clear()
    with pytest.raises(TimeoutError):
        list(txt2img(request(), shots(request()), tools_of(check=stop, phase=phases.append)))
    assert phases == ["encoding", "sampling"]


def test_participants_see_the_finished_picture_in_order():
    class Turn(Participant):
        order = -1

        def image(self, image: Image.Image) -> Image.Image:
            return image.rotate(90, expand=True)

    (drawn,) = txt2img(request(), shots(request()), tools_of(participants=[Turn()]))
    assert drawn.image.size == (72, 64)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["DPM++ 2M", "Euler a", "DPM++ SDE"])
def test_the_real_network_draws_the_same_bits_alone_and_in_a_batch(sampler):
    info = Catalog.of(Paths.choose()).get("easel-demo")
    model = ModelManager(torch.device("cpu")).get(info, lambda done, total: None)
    asked = request(sampler=sampler, schedule="Karras", batch_size=3)
    pictures = shots(asked)
    together = images(txt2img(asked, pictures, tools_of(model)))
    alone = [images(txt2img(asked, [shot], tools_of(model)))[0] for shot in pictures]
    assert [one.tobytes() for one in together] == [one.tobytes() for one in alone]
