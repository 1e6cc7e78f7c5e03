"""What a preview of an animation's motion goes by: its first picture, its film, its depths.

All of it without the worker: depths are what the settings name, or what an earlier run of the
same animation saved beside its frames (`save_depth_maps`).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job
from webui.imaging.ingest import opened
from webui.library.store import Store
from webui.motion.card import moving_card
from webui.motion.depth import Depth, depth_of_file, depth_of_picture
from webui.motion.glance import DepthAt, no_depth
from webui.motion.pictures import Levels
from webui.timeline.footage import CLIP, DEPTH, INIT, chosen, file_of
from webui.timeline.plan import Plan
from webui.timeline.settings_file import settings_of
from webui.video.reading import FilmReader, film_info

DepthSource = Literal["none", "picture", "film", "saved", "plane"]
_NUMBERED = re.compile(r"(.+)_(\d{9})\.\w+")
_ALIKE = ("W", "H", "animation_mode", "prompts")
"""Settings that make another run one of the same animation."""


@dataclass(frozen=True)
class Scenery:
    """What moves, and how far it is.

    Attributes:
        first: the picture that moves, (H, W, 3).
        depth: by the frame.
        source: where that comes from; `none` where depths make no difference.
    """

    first: Levels
    depth: DepthAt
    source: DepthSource


@contextmanager
def scenery(
    request: Animation, plan: Plan, store: Store, size: tuple[int, int], earlier: Iterable[Job]
) -> Generator[Scenery]:
    """For as long as the preview is made.

    Args:
        size: of the picture, width and height.
        earlier: jobs whose saved depths may be used, the newest first.

    Raises:
        UserError: a file that was sent is gone, or cannot be read.
    """
    with ExitStack() as stack:
        depth, source = _depth(request, plan, store, earlier, stack)
        yield Scenery(_first(request, plan, store, size), depth, source)


@contextmanager
def film_of(request: Animation, plan: Plan, store: Store) -> Generator[FilmReader]:
    """The pictures of the film that an animation is made after.

    Raises:
        UserError: none was sent, or it cannot be read.
    """
    values = plan.settings.values
    name = str(values[CLIP] or "")
    sent = file_of(request.files, CLIP, name)
    if sent is None:
        raise UserError("animation_no_file", f"settings.{CLIP}", parameter=CLIP, name=name or "–")
    with ExitStack() as stack:
        yield _reader(store.path(sent), values, stack)


def _reader(path: Path, values: Any, stack: ExitStack) -> FilmReader:
    info = film_info(path)
    places = chosen(values, info.frames)
    return stack.enter_context(FilmReader(path, (info.width, info.height), places))


def _first(request: Animation, plan: Plan, store: Store, size: tuple[int, int]) -> Levels:
    values = plan.settings.values
    sent = file_of(request.files, INIT, str(values[INIT] or "")) if values["use_init"] else None
    if sent is None:
        return moving_card(*size)
    image = opened(store.data(sent)).convert("RGB")
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def _depth(
    request: Animation, plan: Plan, store: Store, earlier: Iterable[Job], stack: ExitStack
) -> tuple[DepthAt, DepthSource]:
    values = plan.settings.values
    if plan.mode != "3D":
        return no_depth, "none"
    if not values["use_depth_warping"]:
        return no_depth, "plane"
    sent = file_of(request.files, DEPTH, str(values[DEPTH] or "")) if values[DEPTH] else None
    if sent is None:
        found = saved_depths(plan, earlier)
        return (_nearest(found), "saved") if found else (no_depth, "plane")
    if store.get(sent).is_picture and store.get(sent).media_type != "image/gif":
        still = depth_of_file(store.data(sent))
        return (lambda frame: still), "picture"
    reader = _reader(store.path(sent), values, stack)
    return (lambda frame: depth_of_picture(Image.fromarray(reader.frame(frame)))), "film"


def saved_depths(plan: Plan, earlier: Iterable[Job]) -> dict[int, Path]:
    """The pictures of depths by their frames, of the newest run that has some.

    Args:
        earlier: jobs of any kind, the newest first.
    """
    for job in earlier:
        named = next((_NUMBERED.fullmatch(one.file) for one in job.pictures if one.file), None)
        if named is None or not _is_alike(job, plan):
            continue
        begin = Path(named[1])
        files = begin.parent.glob(f"{begin.name}_depth_*.png")
        found = {int(one.stem[-9:]): one for one in files if one.stem[-9:].isdecimal()}
        if found:
            return found
    return {}


def _is_alike(job: Job, plan: Plan) -> bool:
    if not isinstance(job.request, Animation):
        return False
    known, wanted = settings_of(job.request.settings).values, plan.settings.values
    return all(known[name] == wanted[name] for name in _ALIKE)


def _nearest(files: dict[int, Path]) -> DepthAt:
    """The depth of a frame, or of the last one before it that has one; of the first one else."""
    frames = sorted(files)
    read: dict[int, Depth | None] = {}

    def depth(frame: int) -> Depth | None:
        nearest = max((one for one in frames if one <= frame), default=frames[0])
        if nearest not in read:
            read.clear()  # they are asked for in their order
            read[nearest] = _read(files[nearest])
        return read[nearest]

    return depth


def _read(path: Path) -> Depth | None:
    try:
        return depth_of_file(path.read_bytes())
    except (OSError, UserError):
        return None  # it went away, or is broken: a plane
