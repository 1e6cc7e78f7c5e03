import numpy as np
import pytest
from PIL import Image

from tests.engine.recipes.pictures import Album, draw, noisy, small_stub
from tests.engine.stub import StubModel
from webui.core.errors import UserError
from webui.core.requests import Txt2Img

FIRST = {"width": 64, "height": 64, "sampler": "Euler", "steps": 6}


def values(drawn):
    return drawn[0].parameters.values


def models_of(*names):
    """Models by name, and the names in the order in which they were called."""
    known = {name: StubModel(name=name) for name in names}
    return known, {"model": lambda name: known[name or names[0]]}


@pytest.mark.parametrize(
    ("hires", "size"),
    [
        ({"scale": 2}, (128, 128)),
        ({"scale": 1.05, "upscaler": "Lanczos"}, (64, 64)),
        ({"width": 96, "height": 128}, (96, 128)),
        ({"width": 200}, (200, 200)),
    ],
)
def test_sizes(hires, size):
    (one,) = draw(Txt2Img, hires=hires, **FIRST)
    assert one.image.size == size


def test_a_finished_picture_takes_the_place_of_the_first_pass():
    album, model = Album(), small_stub()
    image = album.add(noisy(100, 84, "RGBA"))
    for upscaler in ("Latent", "Lanczos"):
        model.calls.clear()
        hires = {"image": image, "upscaler": upscaler, "steps": 3, "strength": 0.5}
        drawn = draw(Txt2Img, album, model, hires=hires, **FIRST)
        assert drawn[0].image.size == (192, 160)
        assert len(model.calls) == 3
        assert values(drawn)["Size"] == "96x80"


def test_a_second_pass_without_strength_keeps_the_picture():
    album, image = Album(), noisy(8, 8).resize((64, 64), Image.Resampling.NEAREST)
    hires = {"image": album.add(image), "upscaler": "Nearest", "strength": 0.0, "scale": 1}
    (one,) = draw(Txt2Img, album, hires=hires, **FIRST)
    assert np.abs(np.asarray(one.image, np.int16) - np.asarray(image)).max() <= 1


def test_a_second_pass_of_its_own_model_sampler_and_words():
    known, tools = models_of("first", "second")
    hires = {
        "model": "second", "sampler": "Heun", "schedule": "Karras", "steps": 4, "cfg_scale": 2,
        "prompt": "a lion # roar", "negative_prompt": "dull", "strength": 0.5,
    }  # fmt: skip
    drawn = draw(Txt2Img, tools=tools, hires=hires, **FIRST)
    first, second = known["first"], known["second"]
    assert (len(first.calls), len(second.calls)) == (6, 2 * 4 - 1)
    assert ["a lion"] in second.texts
    assert ["a cat"] not in second.texts
    said = values(drawn)
    keys = ("Model", "Hires checkpoint", "Hires sampler", "Hires schedule type", "Hires CFG Scale")
    assert [said[key] for key in keys] == ["first", "second", "Heun", "Karras", 2]
    assert (said["Hires prompt"], said["Hires negative prompt"]) == ("a lion \n", "dull")


def test_latents_go_to_models_of_the_same_kind_only():
    known, tools = models_of("first", "second")
    wide = known["second"].latent
    known["second"].latent = type(wide)(wide.channels, wide.stride, wide.preview, scale=0.13)
    with pytest.raises(UserError, match="same family") as raised:
        draw(Txt2Img, tools=tools, hires={"model": "second"}, **FIRST)
    assert raised.value.problem.field == "hires.model"
    pictures = draw(Txt2Img, tools=tools, hires={"model": "second", "upscaler": "None"}, **FIRST)
    assert pictures[0].image.size == (128, 128)


def test_the_refiner_works_in_the_second_pass():
    known, tools = models_of("first", "fine")
    refiner = {"model": "fine", "switch_at": 0.5}
    draw(Txt2Img, tools=tools, hires={"strength": 0.9}, refiner=refiner, **FIRST)
    assert len(known["first"].calls) > 6
    assert len(known["fine"].calls) + len(known["first"].calls) == 12
    assert ["a cat"] in known["fine"].texts


def test_pictures_of_a_batch_are_those_made_alone():
    for upscaler in ("Latent (bicubic)", "Lanczos"):
        fields = {**FIRST, "sampler": "Euler a", "hires": {"upscaler": upscaler}}
        together = draw(Txt2Img, batch_size=2, **fields)
        alone = [draw(Txt2Img, **fields, seed=seed)[0] for seed in (7, 8)]
        assert [one.image.tobytes() for one in together] == [one.image.tobytes() for one in alone]


def test_a_second_pass_can_be_stopped_at_any_call():
    model, calls = small_stub(), []

    def check():
        calls.append(len(model.calls))
        if len(model.calls) == 8:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        draw(Txt2Img, model=model, tools={"check": check}, hires={}, **FIRST)
    assert len(model.calls) == 8
