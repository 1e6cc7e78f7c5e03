"""Films that stand where an extension takes a picture: each frame of the animation has its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from webui.core.pictures import PictureRef, refs_in
from webui.motion.pictures import Levels
from webui.video.containers import container_of_file
from webui.video.reading import FilmReader, film_info


class Films:
    """Of the values of extensions; opened when they are first wanted."""

    def __init__(
        self, extensions: object, film: Callable[[PictureRef], Path], stack: ExitStack
    ) -> None:
        """Open nothing yet.

        Args:
            extensions: their values.
            film: where what was sent lies.
            stack: closes the films at its end.
        """
        self._refs = {ref for _, ref in refs_in(extensions, "extensions")}
        self._film = film
        self._stack = stack
        self._readers: dict[PictureRef, Callable[[int], Levels] | None] = {}

    def at(self, ref: PictureRef, frame: int) -> Image.Image | None:
        """A film's picture at a frame, its last one where it is shorter; None if it is no film."""
        if ref not in self._refs:
            return None
        if ref not in self._readers:
            self._readers[ref] = self._opened(ref)
        read = self._readers[ref]
        return None if read is None else Image.fromarray(read(frame))

    def _opened(self, ref: PictureRef) -> Callable[[int], Levels] | None:
        path = self._film(ref)
        if container_of_file(path) is None:
            return None
        info = film_info(path)
        places, size = range(info.frames), (info.width, info.height)
        reader = self._stack.enter_context(FilmReader(path, size, places))
        return lambda frame: reader.frame(min(frame, info.frames - 1))
