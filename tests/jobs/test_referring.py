from pathlib import Path

import pytest

from tests.core.test_plugins import extension
from tests.jobs.door import GONE, Door
from tests.jobs.test_checks import CATALOG
from webui.core.errors import UserError
from webui.core.plugins import Extensions
from webui.core.requests import Img2Img, Request, Txt2Img
from webui.jobs.referring import refer


def test_one_picture_in_the_prompt_is_what_the_drawing_begins_with(door: Door) -> None:
    image = door.put(30, 20)
    values = {"prompt": "a cat, {image}", "references": {"1": image}, "seed": 5, "steps": 7}
    request = door.taken("txt2img", **values, reference_strength=0.3)
    assert isinstance(request, Img2Img)
    assert (request.prompt, request.image, request.strength) == ("a cat", image, 0.3)
    assert (request.seed, request.steps, request.width, request.height) == (5, 7, 128, 128)


def test_pictures_in_prompts_are_never_dropped_in_silence(door: Door) -> None:
    one, two = {"1": door.put(3, 3)}, {"1": door.put(3, 3), "b": door.put(4, 4)}
    refused, field = door.refused, "references"
    assert refused("txt2img", prompt="x {image}") == {field: "reference_missing"}
    assert refused("txt2img", prompt="x {image:b}", references=one) == {field: "reference_missing"}
    assert refused("txt2img", prompt="x", references=one) == {field: "reference_unused"}
    both = "x {image} {image:b}"
    assert refused("txt2img", prompt=both, references=two) == {field: "references_unserved"}
    image = door.put(5, 5)
    assert refused("img2img", image=image, prompt="x {image}", references=one) == {
        field: "references_unserved"
    }
    assert refused("txt2img", prompt="x {image}", references=one, hires={}) == {
        "hires": "reference_with_hires"
    }
    assert refused("txt2img", prompt="x {image}", references={"1": GONE}) == {
        "references.1": "stored_picture_gone"
    }


def test_an_edit_model_begins_from_noise_unless_told_otherwise(door: Door) -> None:
    model = CATALOG.get(None).model_copy(update={"variant": "edit"})
    values = {"prompt": "winter {image}", "references": {"1": door.put(30, 20)}}
    request = refer(Txt2Img.model_validate(values), model)
    assert isinstance(request, Img2Img) and request.strength == 1.0
    told = refer(Txt2Img.model_validate({**values, "reference_strength": 0.75}), model)
    assert isinstance(told, Img2Img) and told.strength == 0.75


def test_a_model_that_sees_several_is_shown_them_before_extensions_are_asked(door: Door) -> None:
    model = CATALOG.get(None).model_copy(update={"family": "flux2"})
    refs = {"1": door.put(3, 3), "b": door.put(4, 4)}
    values = {"prompt": "{image} {image:b}", "references": refs}
    asked: list[Request] = []

    def served(request: Request) -> bool:
        asked.append(request)
        return True

    several = Txt2Img.model_validate(values)
    assert refer(several, model, served) is several and not asked
    one = {"prompt": "a {image}", "references": {"1": refs["1"]}}
    alone = Txt2Img.model_validate(one)
    assert refer(alone, model) is alone
    assert isinstance(refer(alone.with_(reference_strength=0.5), model), Img2Img)
    with pytest.raises(UserError) as caught:
        refer(several.with_(hires={}), model)
    assert caught.value.problem.code == "reference_with_hires"


SERVER = """
from webui.ext import hookimpl

@hookimpl
def serve_references(request):
    return len(request.references) < 3
"""


def test_extensions_are_asked_first(door: Door, tmp_path: Path) -> None:
    extension(tmp_path / "extensions", "adapter", SERVER)
    door.extensions = Extensions([tmp_path / "extensions"], "server")
    two = {"1": door.put(3, 3), "b": door.put(4, 4)}
    request = door.taken("txt2img", prompt="x {image} {image:b}", references=two, hires={})
    assert isinstance(request, Txt2Img)
    assert (request.prompt, dict(request.references)) == ("x {image} {image:b}", two)
    assert door.refused("txt2img", prompt="x {image}", references=two) == {
        "references": "reference_unused"
    }
    three = {**two, "c": door.put(5, 5)}
    assert door.refused("txt2img", prompt="x {image} {image:b} {image:c}", references=three) == {
        "references": "references_unserved"
    }
