"""The pictures that come with a request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from webui.core.animation import Animation
from webui.core.errors import Problem, UserError
from webui.core.requests import Request
from webui.jobs.listening import listened
from webui.library.store import Store, Stored
from webui.video.reading import film_info

_Request = TypeVar("_Request", bound=Request)
_RESULT = "picture:"


class Pictures:
    """Stored pictures, and results that become such when a request begins with them."""

    def __init__(
        self, store: Store, result: Callable[[str], bytes], sounds: Path | None = None
    ) -> None:
        """Over a store.

        Args:
            result: a finished picture's file by its id; raises UserError.
            sounds: where what was heard in sounds is kept.
        """
        self._store = store
        self._result = result
        self._sounds = sounds

    def get(self, ref: str) -> Stored:
        """What is known of a picture; a result is put into the store.

        Raises:
            UserError: there is none of this name, or it is broken.
        """
        if ref.startswith(_RESULT):
            return self._store.put(self._result(ref.removeprefix(_RESULT)))
        return self._store.get(ref)

    def frames(self, ref: str) -> int | None:
        """How many pictures a film has; None where it is none.

        Raises:
            UserError: there is none of this name, or it is broken.
        """
        stored = self.get(ref)
        if stored.media_type == "image/gif":
            return film_info(self._store.path(stored.id)).frames
        return stored.frames

    def listened(self, request: Animation) -> Animation:
        """An animation with what its formulas hear, see `webui.jobs.listening`.

        Raises:
            UserError: a file has no sound that can be read.
        """
        return listened(request, self._store.path, self._sounds)

    def problems_with(self, request: Request) -> list[Problem]:
        """One for each picture that is not there."""
        found: list[Problem] = []
        for field, ref in request.pictures():
            try:
                stored = self.get(ref)
                if not stored.is_picture and not field.startswith(request.media_fields):
                    raise UserError("picture_unknown")
            except UserError as error:
                found.append(error.problem.model_copy(update={"field": field}))
        return found

    def stored_in(self, request: _Request) -> _Request:
        """The request with stored pictures only.

        Raises:
            UserError: one is not there.
        """
        refs = {field: self.get(ref).id for field, ref in request.pictures()}
        return request.with_pictures(refs) if refs else request
