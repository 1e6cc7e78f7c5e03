"""What `webui extensions new` writes: a small extension that works, with tests."""

from __future__ import annotations

from pathlib import Path

from webui.core.errors import UserError
from webui.core.extension import MANIFEST

_MANIFEST = """\
name = "{name}"
version = "0.1.0"
api = 1
server = "server"
worker = "worker"
permissions = []

[title]
en = "{title}"
pl = "{title}"

[description]
en = "Brightens finished pictures."
pl = "Rozjaśnia gotowe obrazy."
"""
_OPTIONS = '''\
"""The panel's values, for both modules."""

from pydantic import BaseModel, Field


class Options(BaseModel):
    brightness: float = Field(
        default=1.0,
        ge=0,
        le=2,
        title="Brightness",
        json_schema_extra={{"titles": {{"pl": "Jasność"}}}},
    )
'''
_SERVER = '''\
"""Beside the page: the panel."""

from webui.ext import Panel, hookimpl

from .options import Options


@hookimpl
def register_panels() -> list[Panel]:
    return [Panel(title={{"en": "{title}", "pl": "{title}"}}, options=Options)]
'''
_WORKER = '''\
"""Beside the model: what the panel asks for."""

from PIL import Image, ImageEnhance

from webui.ext import JobView, Participant, hookimpl

from .options import Options


class Brighten(Participant):
    def __init__(self, brightness: float) -> None:
        self.brightness = brightness

    def image(self, image: Image.Image) -> Image.Image:
        return ImageEnhance.Brightness(image).enhance(self.brightness)


@hookimpl
def participate(job: JobView) -> Participant | None:
    options = Options.model_validate(job.options)
    return Brighten(options.brightness) if options.brightness != 1 else None
'''
_TESTS = '''\
"""Run by `webui extensions check {name}`."""

from pathlib import Path

from PIL import Image

from webui.ext import Extensions, Txt2Img

FOLDER = Path(__file__).parents[1]


def test_the_panel_is_there() -> None:
    assert [name for name, _ in Extensions.alone(FOLDER, "server").panels()] == ["{name}"]


def test_pictures_are_brightened_where_it_is_asked_for() -> None:
    extensions = Extensions.alone(FOLDER, "worker")
    assert extensions.participants("job", Txt2Img(prompt="a cat")) == []
    asked = Txt2Img(prompt="a cat", extensions={{"{name}": {{"brightness": 2}}}})
    (brighten,) = extensions.participants("job", asked)
    picture = Image.new("RGB", (1, 1), (10, 20, 30))
    assert brighten.image(picture).getpixel((0, 0)) == (20, 40, 60)
'''
_FILES = {
    MANIFEST: _MANIFEST,
    "options.py": _OPTIONS,
    "server.py": _SERVER,
    "worker.py": _WORKER,
    "tests/test_{name}.py": _TESTS,
}


def write_extension(folder: Path, name: str) -> Path:
    """Write a working extension into a new folder below another one; returns it.

    Raises:
        UserError: the name does not do, there is such a folder, or it cannot be written.
    """
    if not name.isidentifier() or name != name.lower() or not name[0].isalpha():
        raise UserError("extension_name", name=name[:100])
    home = folder / name
    if home.exists():
        raise UserError("extension_folder_there", folder=str(home))
    title = name.replace("_", " ").capitalize()
    try:
        for file, text in _FILES.items():
            path = home / file.format(name=name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(name=name, title=title), encoding="utf-8")
    except OSError as error:
        raise UserError("cannot_save", folder=str(home), reason=str(error)) from error
    return home
