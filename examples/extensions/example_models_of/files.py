"""Which files a request has beside its model: for both modules."""

from collections.abc import Mapping
from typing import Any

from webui.ext import ModelUse


def uses(options: Mapping[str, Any]) -> list[ModelUse]:
    return [ModelUse("controlnet", options["name"])] if options.get("name") else []
