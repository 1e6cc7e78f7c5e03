"""The map of a picture that a ControlNet is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webui.core.hookspecs import TOLD
from webui.core.requests import Preprocess
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.tools import Drawn, Tools
from webui.imaging.masks import flattened
from webui.imaging.resize import shorter_side
from webui.prompt.infotext import VERSION, Parameters


def preprocess(request: Preprocess, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The one map, see `tools.Recipe`."""
    picture = flattened(tools.picture(request.image))
    if request.resolution:
        picture = shorter_side(picture, request.resolution)
    tools.phase("preprocessing")
    made = tools.preprocess(request.preprocessor, picture, request.options)
    more: object = made.info.get(TOLD)
    told = {str(name): str(text) for name, text in more.items()} if isinstance(more, dict) else {}
    said = {"Preprocessor": request.preprocessor, **told, "Version": VERSION}
    for shot in batch:
        yield Drawn(shot.index, 0, made.convert("RGB"), Parameters("", "", said))
