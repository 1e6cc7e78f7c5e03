"""A door that takes requests with pictures, on a store of its own."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.jobs.test_checks import CATALOG, NO_EXTENSIONS
from webui.core.errors import UnknownId
from webui.core.offers import Offers
from webui.core.settings import Settings
from webui.jobs.checks import Refused, accept
from webui.jobs.given import Pictures
from webui.library.store import Store

RESULT = "picture:" + "a" * 32 + "-0"
NO_MORE = Offers()
GONE = "sha256:" + "0" * 64


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (1, 2, 3)).save(file, "PNG")
    return file.getvalue()


class Door:
    """Takes requests with pictures of its own store; one result exists, of 40 x 20."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.pictures = Pictures(self.store, self._result)
        self.extensions = NO_EXTENSIONS

    def _result(self, id: str) -> bytes:
        if f"picture:{id}" != RESULT:
            raise UnknownId("picture_lost")
        return png(40, 20)

    def put(self, width: int, height: int) -> str:
        return self.store.put(png(width, height)).id

    def taken(self, kind: str, offers: Offers = NO_MORE, **values: Any) -> Any:
        values = {"kind": kind, **values}
        parts = (offers, CATALOG, Settings(), self.extensions, self.pictures)
        request = accept(values, *parts)
        assert accept(request.model_dump(), *parts) == request, "a second look changes nothing"
        return request

    def refused(self, kind: str, **values: Any) -> dict[str | None, str]:
        with pytest.raises(Refused) as caught:
            self.taken(kind, **values)
        return {one.field: one.code for one in caught.value.problems}
