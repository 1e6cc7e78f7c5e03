"""The public surface for extensions' `worker` modules that change models or bring them: with torch.

All else is in `webui.ext`. `docs/extensions.md` explains every name.
"""

from webui.engine.tiled_model import tiled
from webui.models.family import LatentSpec
from webui.models.flow import FlowTable
from webui.models.plain import PlainModel, read_notes, read_weights
from webui.models.sigmas import SigmaTable

__all__ = [
    "FlowTable",
    "LatentSpec",
    "PlainModel",
    "SigmaTable",
    "read_notes",
    "read_weights",
    "tiled",
]
