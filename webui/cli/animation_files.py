"""The files that an animation's settings name by paths: sounds, tables, pictures and films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.imaging.ingest import opened
from webui.jobs.listening import SERIES, listened
from webui.timeline.footage import CLIP, Kind, Needed, chosen, needed
from webui.timeline.output import SOUNDTRACK, silent, wishes
from webui.timeline.plan import Plan
from webui.timeline.problems import Finding, finding
from webui.timeline.settings_file import settings_of
from webui.video.reading import film_info

ENDINGS = frozenset(".png .jpg .jpeg .jfif .webp .avif .gif .bmp .tif .tiff".split())
"""Of files that are taken for pictures."""


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
    soundtrack, wanted = _file(folder, values[SOUNDTRACK]), wishes(values).soundtrack
    clip = _file(folder, values[CLIP]) if wanted == "clip" else None
    heard = any(value.get("sound") == SOUNDTRACK for _, value in _series(settings))
    if soundtrack is not None and (heard or wanted == "file"):
        found[SOUNDTRACK] = soundtrack
    return {**found, **({CLIP: clip} if clip else {})}


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


def wrong_files(folder: Path, plan: Plan) -> Iterator[Finding]:
    """What is missing or cannot be read of the pictures and films that the settings need.

    folder: where paths begin.
    """
    for one in needed(plan.settings.values, plan.texts):
        path = _file(folder, one.name)
        if path is None:
            code = "animation_file_missing" if one.name else "animation_file_none"
            yield finding(one.setting, code, None, **({"name": one.name} if one.name else {}))
            continue
        try:
            frames = _frames_of(path, one.kind)
        except UserError as error:
            yield _about(one, error.problem)
            continue
        if one.kind == "film" and not chosen(plan.settings.values, frames):
            yield finding(one.setting, "animation_no_frames", None, frames=frames)


def missing_sound(folder: Path, plan: Plan) -> list[Finding]:
    """A warning where a film would have a sound that is missing."""
    found = silent(plan.settings.values, lambda _, name: _file(folder, name) is not None)
    return [found] if found else []


def is_moving(path: Path, kind: Kind) -> bool:
    """Whether a file is to be a film, by its ending where it may be either."""
    return kind == "film" or (kind == "either" and path.suffix.casefold() not in ENDINGS)


def _about(file: Needed, problem: Problem) -> Finding:
    """What is wrong with a file, and which one it is."""
    told = {"parameter": file.setting, "name": file.name, "reason": problem.message}
    wrong = UserError("animation_file_wrong", file.setting, **told).problem
    return Finding(file.setting, None, wrong.model_copy(update={"cause": problem}))


def _frames_of(path: Path, kind: Kind) -> int:
    """How many pictures a film has; 1 of a picture.

    Raises:
        UserError: it is not what it has to be, or cannot be read.
    """
    if is_moving(path, kind):
        return film_info(path).frames
    try:
        opened(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("cannot_read", name=str(path), reason=reason) from error
    return 1


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
