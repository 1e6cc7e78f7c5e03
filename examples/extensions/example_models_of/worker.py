"""What the worker reckons with."""

from collections.abc import Mapping
from typing import Any

from webui.ext import ModelUse, hookimpl

from .files import uses


@hookimpl
def models_of(options: Mapping[str, Any], values: Mapping[str, Any]) -> list[ModelUse]:
    return uses(options)
