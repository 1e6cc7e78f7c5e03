"""An architecture by the name of `example`; what it loads is for it to write."""

from collections.abc import Callable
from typing import Any

from webui.ext import hookimpl


class Family:
    name = "example"

    def load(self, info: Any, device: Any, progress: Callable[[int, int], None]) -> Any:
        raise NotImplementedError("return a model as webui/models/family.py describes it")


@hookimpl
def register_families() -> list[Any]:
    return [Family()]
