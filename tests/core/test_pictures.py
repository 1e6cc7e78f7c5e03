import re

import pytest

from webui.core.pictures import RESULT, STORED, refs_in, replaced
from webui.core.requests import Hires, Txt2Img, Upscale

ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (ONE, STORED),
        ("picture:" + "a" * 32 + "-12", RESULT),
    ],
)
def test_names_of_pictures(name: str, kind: str) -> None:
    assert re.fullmatch(kind, name)
    assert Upscale(image=name).image == name


@pytest.mark.parametrize(
    "name", ["", "sha256:" + "A" * 64, ONE + "0", ONE + "\n", "../x", "picture:" + "a" * 32]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError):
        Upscale(image=name)


def test_values_at_paths_change_and_the_rest_stays() -> None:
    inner = {"image": ONE, "scale": 2}
    values = {"hires": inner, "image": ONE, "references": {"a": ONE, "b": ONE}}
    changed = replaced(values, {"hires.image": OTHER, "references.b": OTHER})
    assert changed == {
        "hires": {"image": OTHER, "scale": 2},
        "image": ONE,
        "references": {"a": ONE, "b": OTHER},
    }
    assert inner["image"] == ONE


def test_a_request_tells_its_pictures_and_takes_others() -> None:
    request = Txt2Img(prompt="x", hires=Hires(image=ONE), references={"1": ONE})
    assert dict(request.pictures()) == {"references.1": ONE, "hires.image": ONE}
    changed = request.with_pictures({"hires.image": OTHER})
    assert dict(changed.pictures()) == {"references.1": ONE, "hires.image": OTHER}
    assert dict(Txt2Img(prompt="x").pictures()) == {}


def test_pictures_among_the_values_of_extensions_are_the_requests_too() -> None:
    units = [{"image": ONE, "weight": 1.0}, {"image": None, "mask": ONE, "note": f"see {ONE}"}]
    request = Txt2Img(prompt="x", extensions={"controlnet": {"units": units}})
    found = {"extensions.controlnet.units.0.image": ONE, "extensions.controlnet.units.1.mask": ONE}
    assert dict(request.pictures()) == found
    changed = request.with_pictures({"extensions.controlnet.units.1.mask": OTHER})
    assert changed.extensions["controlnet"]["units"][1]["mask"] == OTHER
    assert changed.extensions["controlnet"]["units"][0] == units[0]
    assert units[1]["mask"] == ONE, "what was given is not changed"


def test_names_with_dots_and_groups_without_end_are_passed_over() -> None:
    deep: dict[str, object] = {}
    deep["again"] = deep
    deep["image"] = ONE
    assert ("x.image", ONE) in list(refs_in(deep, "x"))
    assert list(refs_in({"a.b": ONE}, "x")) == []
