"""Hashes of models, one or all that have none: a job for the lane that needs no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from webui.core.errors import UnknownId, UserError
from webui.core.hashing import Hash
from webui.core.kinds import MODEL_KINDS
from webui.jobs.chores import Errand
from webui.library.entries import Entry, Page

PIECE = 1 << 20
"""Bytes that are read between two checks (see `webui.library.hashes`)."""


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...

    def entries(
        self, kind: str | None = None, *, limit: int | None = 100, patience: float | None = None
    ) -> Page: ...

    def hashed(self, id: str, check: Callable[[], None] = lambda: None) -> Entry: ...


Tell = Callable[[int, int], None]
"""Told often: bytes read, and bytes in all. May raise to stop."""


def hasher(shelf: Shelf) -> Callable[[Any, Errand], str]:
    """Computes hashes for jobs."""

    def hash_models(request: Hash, errand: Errand) -> str:
        def tell(done: int, total: int) -> None:
            errand.check()
            errand.tell("hashing", done, total)

        wanted = models_to_hash(request, shelf)
        hashed = compute_hashes(wanted, shelf, tell, errand.keep)
        if request.model and not hashed:
            shelf.hashed(wanted[0].id)  # says why
        return f"{len(hashed)}/{len(wanted)}"

    return hash_models


def models_to_hash(request: Hash, shelf: Shelf) -> Sequence[Entry]:
    """Those that a request means.

    Raises:
        UnknownId: there is no such model.
    """
    if request.model:
        kinds = (request.of,) if request.of else MODEL_KINDS
        found = [one for kind in kinds if (one := shelf.find(kind, request.model))]
        if not found:
            raise UnknownId("missing_model", "model", name=request.model[:100])
        return list({one.id: one for one in found}.values())
    page = shelf.entries(request.of, limit=None)
    return [one for one in page.entries if one.sha256 is None and one.format != "definition"]


def compute_hashes(
    wanted: Sequence[Entry], shelf: Shelf, tell: Tell, keep: Callable[[], None] = lambda: None
) -> list[Entry]:
    """The models with their hashes; those whose files cannot be read are left out.

    Args:
        keep: called after each, as it stays from then on.
    """
    total, before = sum(one.bytes for one in wanted), 0
    hashed: list[Entry] = []
    for one in wanted:
        read = 0

        def check(start: int = before, most: int = one.bytes) -> None:
            nonlocal read
            tell(start + min(read, most), total)
            read += PIECE

        try:
            hashed.append(shelf.hashed(one.id, check))
            keep()
        except UserError:  # gone, or it may not be read: the others are wanted all the same
            pass
        before += one.bytes
        tell(before, total)
    return hashed
