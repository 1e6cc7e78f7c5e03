"""From the command line to what is asked of the server: values, and the files that go with them."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from webui.cli.animation_files import ENDINGS, is_moving, sounds_of, with_tables
from webui.cli.connection import Connection, Gone, Refusal, Taken
from webui.cli.options import KINDS, PICTURES, fields_of
from webui.core.errors import Problem, UserError
from webui.core.events import Job, JobState
from webui.timeline.footage import needed
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

REUSED = (
    "prompt negative_prompt model sampler schedule steps cfg_scale shift seed clip_skip vae "
    "noise_source storage"
).split()
"""What `--reuse` takes of a file's parameters (the size is that of the picture itself)."""

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f/\\<>:"|?*]')
_LONGEST_NAME = 200
_REFERENCE = re.compile(r"(?:(?P<name>[\w-]{1,64})=)?(?P<file>.+)", re.ASCII | re.DOTALL)

_Answer = TypeVar("_Answer")


class BadFile(Exception):
    """A file that was given cannot be used: which, and why."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(f"{path}: {' '.join(problem.message for problem in problems)}")
        self.path = path
        self.problems = problems


_OF_ANIMATIONS = ("after", "model", "draft", "motion_only", "storage")


_OF_FILMS = ("interpolate", "interpolator", "slow", "subtitles")


@dataclass(frozen=True)
class FilmAsk:
    """A film of a job's pictures.

    Attributes:
        values: of the request, without the job.
        sound: a file of sound; None for that of the settings.
    """

    values: Mapping[str, Any]
    sound: Path | None = None


@dataclass(frozen=True)
class Ask:
    """One job.

    Attributes:
        values: of the request, its parts nested.
        pictures: field, with dots into parts -> file; `image` is what the job begins with.
        reuse: take what is not said from the parameters in that file.
        files: name among an animation's `files` -> file, and whether it is a film.
        media: field -> film or sound.
        film: a film that is made of the job's pictures; None for none.
        plot: axes and options of a plot whose base the request is; None for none.
        settings: the file that an animation was read from; None for none.
    """

    values: Mapping[str, Any]
    pictures: Mapping[str, Path] = field(default_factory=dict[str, Path])
    reuse: bool = False
    files: Mapping[str, tuple[Path, bool]] = field(default_factory=dict[str, tuple[Path, bool]])
    media: Mapping[str, Path] = field(default_factory=dict[str, Path])
    film: FilmAsk | None = None
    plot: Mapping[str, Any] | None = None
    settings: Path | None = None

    def film_of(self, job: Job) -> Ask | None:
        """What is to be asked for next: the film of a job that made pictures, if one is wanted."""
        if self.film is None or job.state is not JobState.FINISHED or not job.pictures:
            return None
        media = {"sound": self.film.sound} if self.film.sound else {}
        return Ask({"kind": "film", "job": job.id, **self.film.values}, media=media)

    @property
    def input(self) -> Path | None:
        """The file that the job begins with."""
        return self.pictures.get("image") or self.settings

    def submit(self, connection: Connection) -> Taken:
        """Send the files, then the request; returns the job.

        Raises:
            BadFile: a file cannot be read, or the server does not take it.
            Refusal: the request does not fit.
            Gone: the server does not answer.
        """
        values = dict(self.values)
        if self.reuse and self.input:
            _fill_in(values, _given(self.input, connection.fields))
        for place, path in self.pictures.items():
            put(values, place, _given(path, connection.store))
        for place, path in self.media.items():
            put(values, place, _media(path, connection))
        if self.files:
            values["files"] = {
                name: _media(path, connection) if is_film else _given(path, connection.store)
                for name, (path, is_film) in self.files.items()
            }
        if self.plot is not None:
            of_plot = ("file_name", "folder", "image_format")
            own = {name: values.pop(name) for name in of_plot if name in values}
            values = {"kind": "plot", "base": values, **own, **self.plot}
        return connection.submit(values)


def _given(path: Path, send: Callable[[bytes], _Answer]) -> _Answer:
    """What the server says to a file."""
    try:
        return send(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    except Gone:
        raise
    except Refusal as refusal:
        raise BadFile(path, refusal.problems) from refusal


def _media(path: Path, connection: Connection) -> str:
    """A film sent piece by piece."""
    try:
        return connection.store_media(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    except Gone:
        raise
    except Refusal as refusal:
        raise BadFile(path, refusal.problems) from refusal


def _unreadable(path: Path, error: OSError) -> BadFile:
    reason = error.strerror or str(error)
    return BadFile(path, [UserError("cannot_read", name=path.name, reason=reason).problem])


def _fill_in(values: dict[str, Any], found: Mapping[str, Any]) -> None:
    for name in REUSED:
        if name in found and values.get(name) in (None, ""):
            values[name] = found[name]


def put(values: dict[str, Any], place: str, value: Any) -> None:
    """Set a value, with dots into parts; parts that others may hold too are copied."""
    *parents, last = place.split(".")
    for parent in parents:
        values[parent] = dict(values.get(parent) or {})
        values = values[parent]
    values[last] = value


def asks_of(options: argparse.Namespace) -> list[Ask]:
    """The jobs that a command line means: one for each file, or a single one without files.

    Raises:
        BadFile: a file or folder is not there, cannot be read or holds no pictures.
    """
    values = _values(options)
    common = {place: path for place in PICTURES if (path := getattr(options, place, None))}
    mask: Path | None = common.pop("mask", None)
    common |= _references(getattr(options, "references", []))
    for path in common.values():
        _check_readable(path)
    if "files" not in options or "job" in values:
        return [Ask(values, common)]
    if options.command == "animate":
        film = _film(options)
        given = [_animation(path, values, film) for path in options.files]
        return given or [Ask(values, film=film)]  # goes on as the job before
    files = [path for given in options.files for path in pictures_in(given)]
    keeps_names = len(files) > 1 or any(given.is_dir() for given in options.files)
    asks: list[Ask] = []
    for path in files:
        named = {"file_name": name} if keeps_names and (name := kept_name(path)) else {}
        masked = {"mask": mask_of(path, mask)} if mask else {}
        pictures = {"image": path, **masked, **common}
        asks.append(Ask({**values, **named}, pictures, "reuse" in options))
    return asks


def _film(options: argparse.Namespace) -> FilmAsk | None:
    """What is said of a film; one is wanted where anything is.

    Raises:
        BadFile: its sound cannot be read.
    """
    given = {name: getattr(options, name) for name in _OF_FILMS if name in options}
    sound: Path | None = getattr(options, "sound", None)
    if sound is not None:
        _check_readable(sound)
    format = getattr(options, "film", None)
    if format is None and not given and sound is None:
        return None
    return FilmAsk({"format": format or "mp4", **given, **spoken(options)}, sound)


def spoken(options: argparse.Namespace) -> dict[str, str]:
    """The language in which a film or a plot is told of, where the shell's is known."""
    return {"language": options.language} if "language" in options else {}


def _animation(path: Path, values: Mapping[str, Any], film: FilmAsk | None = None) -> Ask:
    """An animation of a settings file; the files that it names lie where it says, or beside it.

    Raises:
        BadFile: it is no JSON object, or cannot be read.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise BadFile(path, [UserError("settings_unread", reason=str(error)).problem]) from error
    if not isinstance(settings, dict):
        raise BadFile(path, [UserError("settings_unread", reason="no object").problem])
    try:
        named = with_tables(path.parent, cast(dict[str, Any], settings))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(path, [UserError("table_unread", reason=str(error)).problem]) from error
    files = _named_files(path.parent, named)
    return Ask({**values, "settings": named}, files=files, film=film, settings=path)


def _named_files(folder: Path, settings: Mapping[str, Any]) -> dict[str, tuple[Path, bool]]:
    """What an animation's settings name, by how the request calls it; those that are not there are
    left to the server, which says what they are for."""
    plan = plan_of(settings_of(settings))
    found: dict[str, tuple[Path, bool]] = {}
    for one in needed(plan.settings.values, plan.texts):
        path = folder / one.name  # which is the second one where that is absolute
        if one.name and path.is_file():
            found[one.parameter] = (path, is_moving(path, one.kind))
    sounds = sounds_of(folder, settings)
    return {**found, **{name: (path, True) for name, path in sounds.items()}}


def _values(options: argparse.Namespace) -> dict[str, Any]:
    if options.command == "animate":
        given = {name: getattr(options, name) for name in _OF_ANIMATIONS if name in options}
        return {"kind": "animation", **given}
    values: dict[str, Any] = {"kind": KINDS[options.command]}
    for place in sorted(fields_of(options.command) - PICTURES):  # a part before what is in it
        if place in options:
            put(values, place, getattr(options, place))
    return values


def _references(given: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """`NAME=FILE`; those without a name are 1, 2, … in their order."""
    number = 0
    for text in given:
        parts = _REFERENCE.fullmatch(text)
        name, file = (parts["name"], parts["file"]) if parts else (None, text)
        if name is None:
            number += 1
        yield f"references.{name or number}", Path(file)


def pictures_in(path: Path) -> list[Path]:
    """The file; of a folder, the pictures in it by name.

    Raises:
        BadFile: it cannot be read, or there are none.
    """
    if not path.is_dir():
        _check_readable(path)
        return [path]
    try:
        found = sorted(one for one in path.iterdir() if one.suffix.casefold() in ENDINGS)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not found:
        raise BadFile(path, [UserError("folder_empty").problem])
    return found


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as error:
        raise _unreadable(path, error) from error


def mask_of(picture: Path, mask: Path) -> Path:
    """The mask of a picture: the file, or the one of the same name in the folder.

    Raises:
        BadFile: it is not there or cannot be read.
    """
    if not mask.is_dir():
        _check_readable(mask)
        return mask
    for path in pictures_in(mask):
        if path.stem == picture.stem:
            return path
    raise BadFile(picture, [UserError("mask_missing", folder=str(mask)).problem])


def kept_name(path: Path) -> str:
    """A file's name without its ending, as every system takes it; empty if nothing is left."""
    return _NOT_IN_NAMES.sub("_", path.stem).lstrip(" .")[:_LONGEST_NAME]
