"""The pictures and clips that an animation is made after, at the size that is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from webui.core.errors import UserError
from webui.motion.depth import Depth, depth_of_file, depth_of_picture
from webui.motion.pictures import Levels
from webui.timeline.footage import CLIP, DEPTH, MASK_CLIP, chosen, file_of, uses_clip
from webui.timeline.plan import Plan
from webui.video.containers import container_of_file
from webui.video.reading import FilmReader, film_info


def _no_picture(parameter: str, name: str) -> Image.Image:
    raise UserError("animation_no_file", f"settings.{parameter}", parameter=parameter, name=name)


@dataclass(frozen=True)
class Material:
    """What an animation is made after.

    Attributes:
        clip: a frame's number -> that of the clip, (H, W, 3) at the size that is drawn; None where
            the animation has none.
        mask_clip: the same of the clip of masks.
        picture: (setting, the name it says) -> the picture, as it was sent.
        depth: a frame's number -> how near each pixel is, of any size; None where nothing was
            sent of it.
    """

    clip: Callable[[int], Levels] | None = None
    mask_clip: Callable[[int], Levels] | None = None
    picture: Callable[[str, str], Image.Image] = _no_picture
    depth: Callable[[int], Depth] | None = None


def material_of(
    plan: Plan,
    files: Mapping[str, str],
    size: tuple[int, int],
    picture: Callable[[str], Image.Image],
    film: Callable[[str], Path],
    stack: ExitStack,
) -> Material:
    """Open what was sent with an animation.

    Args:
        files: what the settings name -> what was sent.
        size: width and height of what is drawn.
        picture: opens a sent picture.
        film: where a sent film lies.
        stack: closes the clips at its end.
    """

    def opened(path: Path) -> FilmReader:
        info = film_info(path)
        places = chosen(plan.settings.values, info.frames)
        return stack.enter_context(FilmReader(path, (info.width, info.height), places))

    def clip(parameter: str, used: bool) -> Callable[[int], Levels] | None:
        sent = file_of(files, parameter, str(plan.value(parameter) or "")) if used else None
        if sent is None:
            return None
        reader = opened(film(sent))
        return lambda frame: resized(reader.frame(frame), size)

    def depth() -> Callable[[int], Depth] | None:
        name = str(plan.value(DEPTH) or "")
        sent = file_of(files, DEPTH, name) if name else None
        if sent is None:
            return None
        path = film(sent)
        if container_of_file(path) is None:
            still = depth_of_file(path.read_bytes())
            return lambda frame: still
        reader = opened(path)
        return lambda frame: depth_of_picture(Image.fromarray(reader.frame(frame)))

    def named(parameter: str, name: str) -> Image.Image:
        sent = file_of(files, parameter, name)
        return _no_picture(parameter, name) if sent is None else picture(sent)

    return Material(
        clip(CLIP, uses_clip(plan.settings.values)),
        clip(MASK_CLIP, plan.value("use_mask_video")),
        named,
        depth(),
    )


def resized(levels: Levels, size: tuple[int, int]) -> Levels:
    """A picture at a size, by Lanczos' filter; as it is if it has that."""
    if levels.shape[1::-1] == size:
        return levels
    return np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.LANCZOS))


def fitted(image: Image.Image, size: tuple[int, int]) -> Levels:
    """A picture as (H, W, 3) levels of a size."""
    return resized(np.asarray(image.convert("RGB")), size)
