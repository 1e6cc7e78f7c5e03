"""What the worker offers, kept from the last run so that the menus are there before it is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from webui.core.errors import UserError
from webui.core.files import write_atomically
from webui.core.offers import Offers


class Menus:
    """The last report of a worker, on disk and in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offers = _load(path)

    @property
    def offers(self) -> Offers:
        """What there is to choose from, as far as is known."""
        return self._offers

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
