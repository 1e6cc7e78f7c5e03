from tests.jobs.door import GONE, RESULT, Door
from webui.core.requests import Img2Img, Txt2Img


def test_a_result_becomes_a_stored_picture(door: Door) -> None:
    request = door.taken("img2img", image=RESULT)
    assert isinstance(request, Img2Img)
    assert door.store.get(request.image).width == 40
    hires = door.taken("txt2img", prompt="x", hires={"image": RESULT})
    assert isinstance(hires, Txt2Img) and hires.hires
    assert hires.hires.image == request.image


def test_pictures_that_are_not_there_are_named(door: Door) -> None:
    other = RESULT.replace("a", "b")
    assert door.refused("inpaint", image=GONE, mask=other) == {
        "image": "stored_picture_gone",
        "mask": "picture_lost",
    }
    assert door.refused("img2img", image="/etc/passwd") == {"image": "not_a_picture"}
    assert door.refused("img2img") == {"image": "missing"}
    assert door.refused("sculpture") == {"kind": "not_a_choice"}
