"""Sounds that formulas of an animation hear: listened to before its plan is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.sound.series import heard_series
from webui.timeline.footage import file_of
from webui.timeline.named import SoundSource, source_of
from webui.timeline.settings_file import settings_of

SERIES = "series"


def listened(
    request: Animation, path_of: Callable[[str], Path], kept: Path | None = None
) -> Animation:
    """The request with the numbers of its sounds in the settings, so that who plans needs no file.

    What was not sent, or is no source, is left as it is: the plan tells.

    Args:
        path_of: where a sent file lies; raises UserError.
        kept: the folder where what was heard is remembered.

    Raises:
        UserError: a file has no sound that can be read; its field names the series.
    """
    given: Any = request.settings.get(SERIES)
    if not isinstance(given, Mapping):
        return request
    fps = float(settings_of(request.settings).values["fps"])
    made: dict[str, Any] = {}
    for name, value in cast(Mapping[str, Any], given).items():
        source = _sound(value)
        sent = source and file_of(request.files, f"{SERIES}.{name}", source.sound)
        if source is None or sent is None:
            continue
        try:
            numbers = heard_series(path_of(sent), source, fps, kept)
        except UserError as error:
            field = f"settings.{SERIES}.{name}"
            raise UserError(error.problem.code, field, **error.problem.values) from error
        made[name] = {**value, "values": list(numbers)}
    if not made:
        return request
    return request.with_(settings={**request.settings, SERIES: {**given, **made}})


def _sound(value: object) -> SoundSource | None:
    try:
        source = source_of(value)
    except ValidationError:
        return None
    return source if isinstance(source, SoundSource) else None
