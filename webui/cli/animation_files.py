"""The sounds and tables that an animation's settings name by paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.jobs.listening import SERIES, listened
from webui.timeline.output import SOUNDTRACK, wishes
from webui.timeline.settings_file import settings_of


def with_tables(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with the tables of their series in place of the tables' paths.

    What is no path of a file stays as it is; who plans the animation says what it is not.

    Args:
        folder: where paths begin.
    """
    made = {
        name: {**value, "csv": path.read_text(encoding="utf-8-sig")}
        for name, value in _series(settings)
        if (path := _file(folder, value.get("csv"))) is not None
    }
    return {**settings, SERIES: {**settings[SERIES], **made}} if made else dict(settings)


def sounds_of(folder: Path, settings: Mapping[str, Any]) -> dict[str, Path]:
    """The sounds that the settings name, by how the request calls them; those that are there."""
    found: dict[str, Path] = {}
    for name, value in _series(settings):
        if (path := _file(folder, value.get("sound"))) is not None:
            found[f"{SERIES}.{name}"] = path
    values = settings_of(settings).values
    soundtrack = _file(folder, values[SOUNDTRACK])
    heard = any(value.get("sound") == SOUNDTRACK for _, value in _series(settings))
    if soundtrack is not None and (heard or wishes(values).soundtrack == "file"):
        found[SOUNDTRACK] = soundtrack
    return found


def heard_here(folder: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The settings with what their series hear in files of this machine, and what is wrong."""
    paths = sounds_of(folder, settings)
    places = {f"sha256:{number:064x}": path for number, path in enumerate(paths.values())}
    files = dict(zip(paths, places, strict=True))
    try:
        request = listened(Animation(settings=settings, files=files), places.__getitem__)
        return dict(request.settings), []
    except UserError as error:
        return dict(settings), [error.problem]


def _series(settings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    given: Any = settings.get(SERIES)
    if isinstance(given, Mapping):
        for name, value in cast(Mapping[str, Any], given).items():
            if isinstance(value, Mapping):
                yield name, cast(Mapping[str, Any], value)


def _file(folder: Path, name: object) -> Path | None:
    """A file that a setting names; None where it names none, as a text of many lines."""
    if not isinstance(name, str) or not name or "\n" in name or len(name) > 1000:
        return None
    path = folder / name
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
