"""Says how bright a picture is."""

from PIL import Image, ImageStat

from webui.ext import PictureTool, hookimpl


def brightness(picture: Image.Image) -> str:
    return "bright" if ImageStat.Stat(picture.convert("L")).mean[0] > 127 else "dark"


@hookimpl
def register_captioners() -> list[PictureTool]:
    return [PictureTool("brightness", {"en": "Brightness", "pl": "Jasność"}, brightness)]
