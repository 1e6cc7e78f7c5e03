"""Two levels of gray."""

from PIL import Image
from pydantic import BaseModel, Field

from webui.ext import Preprocessor, hookimpl


class Options(BaseModel):
    level: int = Field(default=128, ge=1, le=255, title="Level")


def cut(picture: Image.Image, options: Options) -> Image.Image:
    return picture.convert("L").point([255 * (value >= options.level) for value in range(256)])


@hookimpl
def register_preprocessors() -> list[Preprocessor]:
    return [Preprocessor("example_cut", {"en": "Cut", "pl": "Próg"}, cut, Options)]
