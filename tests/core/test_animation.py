import pytest

from webui.core.animation import MOST_FRAMES, Animation
from webui.core.requests import REQUEST

REF = f"sha256:{'1' * 64}"


def test_it_has_as_many_pictures_as_frames_and_survives_json() -> None:
    request = Animation(settings={"max_frames": 7, "angle": "0:(1)"}, frames=7, draft=0.5)
    assert request.images == 7
    assert REQUEST.validate_json(request.model_dump_json()) == request


def test_its_files_are_pictures_that_it_needs_whatever_their_names() -> None:
    request = Animation(files={"init_image": REF, "C:/my pictures/a.b.png": REF})
    assert dict(request.pictures()) == {
        "files.init_image": REF,
        "files.C:/my pictures/a.b.png": REF,
    }
    other = f"sha256:{'2' * 64}"
    changed = request.with_pictures({"files.C:/my pictures/a.b.png": other})
    assert changed.files == {"init_image": REF, "C:/my pictures/a.b.png": other}


def test_it_may_go_on_from_frames_of_another_job() -> None:
    after = {"job": "a" * 32, "pictures": {"11": REF}}
    request = Animation.model_validate({"after": after})
    assert dict(request.pictures()) == {"after.pictures.11": REF}
    assert request.after and request.after.frame is None
    assert REQUEST.validate_json(request.model_dump_json()) == request
    for wrong in ({"job": "nothing"}, {"job": "a" * 32, "frame": 0}):
        with pytest.raises(ValueError):
            Animation.model_validate({"after": wrong})


@pytest.mark.parametrize("wrong", [{"draft": 0}, {"draft": 2}, {"frames": MOST_FRAMES + 1}])
def test_what_does_not_fit(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Animation.model_validate(wrong)
