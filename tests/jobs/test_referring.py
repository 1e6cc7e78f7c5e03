from tests.jobs.door import GONE, Door
from webui.core.requests import Img2Img


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
