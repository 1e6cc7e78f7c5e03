"""What the worker offers, kept from the last run so that the menus are there before it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.core.offers import Offers
from webui.library.upscalers import upscalers


class Menus:
    """The last report of a worker, on disk and in memory, and the upscalers added since."""

    def __init__(self, path: Path, folders: Sequence[Path] = ()) -> None:
        """Read the report.

        Args:
            folders: of models.
        """
        self._path = path
        self._folders = folders
        self._offers = _load(path)

    @property
    def offers(self) -> Offers:
        """What there is to choose from, as far as is known."""
        told = self._offers.upscalers
        names = {one.name for one in told}
        added = tuple(one for one in upscalers(self._folders) if one.name not in names)
        return self._offers.model_copy(update={"upscalers": told + added})

    def update(self, offers: Offers) -> None:
        """A worker is ready and says what it has."""
        if offers != self._offers:
            self._offers = offers
            with suppress(UserError):  # the next start has older menus for some seconds
                write_atomically(self._path, offers.model_dump_json().encode())


def _load(path: Path) -> Offers:
    try:
        return Offers.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Offers()
