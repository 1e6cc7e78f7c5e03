from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import Image

from webui.core.hookspecs import TOLD
from webui.core.requests import Preprocess
from webui.engine.recipes.preprocess import preprocess
from webui.engine.recipes.shots import Shot, Words
from webui.engine.recipes.tools import Tools

REF = f"sha256:{'a' * 64}"


@dataclass
class Bench:
    """What the recipe calls."""

    told: Any = None
    phases: list[str] = field(default_factory=list[str])

    def picture(self, ref: str) -> Image.Image:
        return Image.new("RGB", (30, 20), "red")

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def preprocess(
        self, name: str, picture: Image.Image, options: Mapping[str, Any]
    ) -> Image.Image:
        made = Image.new("L", picture.size, 7)
        if self.told is not None:
            made.info[TOLD] = self.told
        return made


def made(told: Any = None) -> Any:
    request = Preprocess(image=REF, preprocessor="canny", resolution=None)
    shot = Shot(0, 1, 1, Words("", ""))
    return next(preprocess(request, [shot], cast(Tools, Bench(told))))


def test_the_map_says_what_made_it_and_what_that_tells_of_it():
    drawn = made({"Pose": '{"people": []}', "Count": 2})
    assert (drawn.image.mode, drawn.image.size) == ("RGB", (30, 20))
    said = dict(drawn.parameters.values)
    assert said.pop("Version")
    assert said == {"Preprocessor": "canny", "Pose": '{"people": []}', "Count": "2"}


def test_what_is_no_list_of_names_and_texts_is_left_out():
    assert list(made("Steps: 20").parameters.values) == ["Preprocessor", "Version"]
    assert list(made().parameters.values) == ["Preprocessor", "Version"]


class Clear(Bench):
    """Its picture is clear all over."""

    def picture(self, ref: str) -> Image.Image:
        return Image.new("RGBA", (30, 20), (0, 0, 0, 0))

    def preprocess(
        self, name: str, picture: Image.Image, options: Mapping[str, Any]
    ) -> Image.Image:
        return picture


def test_what_is_clear_is_shown_white():
    request = Preprocess(image=REF, preprocessor="canny")
    shot = Shot(0, 1, 1, Words("", ""))
    drawn = next(preprocess(request, [shot], cast(Tools, Clear())))
    assert drawn.image.getpixel((0, 0)) == (255, 255, 255)
