import pytest

from webui.core.requests import Txt2Img, Upscale
from webui.jobs.uses import is_needed
from webui.library.entries import Entry


def entry(kind: str, name: str) -> Entry:
    return Entry(id=f"id of {name}", kind=kind, name=name, path="", folder="", format="safetensors")


class Shelf:
    """Knows a few models, by name and by file name."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries

    def find(self, kind: str, name: str) -> Entry | None:
        names = {
            (one.kind, part): one for one in self._entries for part in (one.name, one.name[4:])
        }
        return names.get((kind, name))


DREAM = entry("checkpoint", "sub/dream")
DOG = entry("lora", "sub/dog")
EASY = entry("embedding", "sub/Easy.neg")
SHELF = Shelf(DREAM, DOG, EASY)


@pytest.mark.parametrize(
    ("model", "values", "needed"),
    [
        (DREAM, {"model": "sub/dream"}, True),
        (DREAM, {"model": "dream"}, True),
        (DREAM, {"refiner": {"model": "dream"}}, True),
        (DREAM, {"model": "other", "prompt": "a dream"}, False),
        (DREAM, {"model": None}, False),
        (DOG, {"prompt": "a dog <lora:dog:0.8>"}, True),
        (DOG, {"prompt": "a dog <lora: sub/dog >"}, True),
        (DOG, {"hires": {"prompt": "<lora:dog>"}}, True),
        (DOG, {"prompt": "a dog <lora:dogma:0.8> lora:dog"}, False),
        (EASY, {"negative_prompt": "(easy.NEG:1.2), blurry"}, True),
        (EASY, {"negative_prompt": "easy negative, Easy.negative, EasyXneg"}, False),
    ],
)
def test_what_a_request_needs(model: Entry, values: dict[str, object], needed: bool):
    request = Txt2Img.model_validate({"prompt": "x", **values})
    assert is_needed(model, [Txt2Img(prompt="y"), request], SHELF) is needed


def test_requests_of_all_kinds_are_looked_through():
    upscale = Upscale.model_validate({"image": f"sha256:{0:064x}", "diffusion": {"model": "dream"}})
    assert is_needed(DREAM, [upscale], SHELF)
    assert not is_needed(DREAM, [], SHELF)


def test_the_base_of_a_defined_model_is_needed_with_it():
    quick = entry("checkpoint", "sub/quick").model_copy(
        update={"format": "definition", "base": "dream"}
    )
    shelf = Shelf(DREAM, quick)
    asked = [Txt2Img(prompt="x", model="quick")]
    assert is_needed(DREAM, asked, shelf) and is_needed(quick, asked, shelf)
    assert not is_needed(quick, [Txt2Img(prompt="x", model="dream")], shelf)
