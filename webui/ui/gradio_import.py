"""Gradio, imported once, quietly: no analytics, no hub, no stub files.

While a component class is made, Gradio writes a `.pyi` file beside its source: half of the time
of its import. It gets the source's place from `inspect.getfile`, and takes an OSError as "no file,
no stub". A later Gradio without that function is imported as usual.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

_getfile = inspect.getfile


def _getfile_without_stubs(thing: Any) -> str:
    if sys._getframe(1).f_code.co_name == "create_or_modify_pyi":
        raise OSError("no stub files")
    return _getfile(thing)


inspect.getfile = _getfile_without_stubs
try:
    import gradio as gr
    from gradio.themes import Base
finally:
    inspect.getfile = _getfile

__all__ = ["Base", "gr"]
