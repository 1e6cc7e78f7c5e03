"""Smooths, in the place of a network that mends faces."""

from PIL import Image, ImageFilter

from webui.ext import PictureTool, hookimpl


def smooth(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.MedianFilter(3))


@hookimpl
def register_restorers() -> list[PictureTool]:
    return [PictureTool("example_smooth", {"en": "Smooth", "pl": "Wygładź"}, smooth)]
