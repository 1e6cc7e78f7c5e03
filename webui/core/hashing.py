"""The request for hashes of models, for which their whole files are read once."""

from __future__ import annotations

from typing import Literal

from webui.core.kinds import ModelKind
from webui.core.request import Name, Request


class Hash(Request):
    """Hashes of models; the job's text says how many there are now of how many.

    Attributes:
        of: a kind of models; None: all of them.
        model: one alone, by its name or id; None: all that have no hashes yet.
    """

    kind: Literal["hash"] = "hash"
    of: ModelKind | None = None
    model: Name | None = None

    @property
    def images(self) -> int:
        return 0
