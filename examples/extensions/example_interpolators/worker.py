"""Fades one picture into the next, in the place of a network that draws what lies between."""

from collections.abc import Sequence

from PIL import Image

from webui.ext import Interpolator, hookimpl


def fade(first: Image.Image, second: Image.Image, shares: Sequence[float]) -> list[Image.Image]:
    return [Image.blend(first, second, share) for share in shares]


@hookimpl
def register_interpolators() -> list[Interpolator]:
    return [Interpolator("example_fade", {"en": "Fade", "pl": "Przenikanie"}, fade)]
