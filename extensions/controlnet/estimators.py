"""Maps by networks of transformers: depth (`models/depth`) and segments (`models/annotators`).

Both are folders as transformers has them, of any make: Depth Anything V2, DPT, ZoeDepth; UPerNet,
SegFormer, BEiT, which say of each pixel what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, Field

from webui.ext import Preprocessor, Services, UserError

from .annotators import KIND
from .opening import placed

SEGMENTER = "segmentation"
"""Name of the folder in `models/annotators`, where no other is named."""
_BROKEN = (OSError, ValueError, KeyError, ImportError, RuntimeError)
"""What transformers raises for a folder that is none of its networks, or not whole."""

Array = npt.NDArray[Any]


class Depth(BaseModel):
    """Which network, by its name in `models/depth`; the first there is where none is named."""

    network: str = Field(
        default="",
        max_length=300,
        title="Network in models/depth",
        json_schema_extra={"titles": {"pl": "Sieć w models/depth"}},
    )


class Segments(BaseModel):
    """Which network, by its name in `models/annotators`."""

    network: str = Field(
        default=SEGMENTER,
        max_length=300,
        title="Network in models/annotators",
        json_schema_extra={"titles": {"pl": "Sieć w models/annotators"}},
    )


def depth_estimated(picture: Image.Image, options: Depth, services: Services) -> Image.Image:
    """Near is light, and the whole range is used.

    Raises:
        UserError: there is no network of depth.
    """
    near = services.depth(options.network, np.asarray(picture), False)
    if near is None:
        raise UserError("annotator_no_depth", known="depth-anything-v2-small")
    span = max(float(np.ptp(near)), 1e-8)
    levels = ((near - near.min()) / span * 255).round().astype(np.uint8)
    return Image.fromarray(levels)


def segmented(picture: Image.Image, options: Segments, services: Services) -> Image.Image:
    """Each kind of thing in a colour of its own, ADE20K's where the network has its 150.

    Raises:
        UserError: there is no such network, or it cannot be used.
    """
    try:
        path = services.model(KIND, options.network).path
    except UserError as error:
        if not error.problem.code.startswith("file_unknown"):
            raise
        raise UserError(
            "annotator_no_segments", name=options.network[:60], known="annotator-segments"
        ) from error
    folder = path if path.is_dir() else path.parent
    segmenter: Segmenter = services.kept(
        (KIND, str(folder)), partial(Segmenter, folder, services.device)
    )
    classes = segmenter.classes(picture)
    return Image.fromarray(colours(segmenter.count)[classes])


class Segmenter:
    """A network in memory."""

    def __init__(self, folder: Path, device: str) -> None:
        """Load it; nothing is looked up elsewhere.

        Raises:
            UserError: it is none, or not whole.
        """
        from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

        try:
            model: Any = AutoModelForSemanticSegmentation.from_pretrained(
                folder, local_files_only=True
            )
            self._processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        except _BROKEN as error:
            reason = str(error).strip().partition("\n")[0][:200]
            raise UserError(
                "annotator_unread", name=SEGMENTER, file=folder.name, reason=reason
            ) from error
        self._model = model.eval()
        self._device = device
        self.count: int = model.config.num_labels

    def classes(self, picture: Image.Image) -> Array:
        """(H, W) numbers of kinds of things."""
        import torch

        given = self._processor(images=picture, return_tensors="pt").to(self._device)
        with placed(self._model, self._device), torch.inference_mode():
            found = self._model(**given)
        sizes = [(picture.height, picture.width)]
        (classes,) = self._processor.post_process_semantic_segmentation(found, sizes)
        return classes.cpu().numpy()


def colours(count: int) -> Array:
    """(count, 3) bytes, each different."""
    known = _ade_colours()
    if count <= len(known):
        return np.array(known[:count], np.uint8)
    number = np.arange(1, count + 1, dtype=np.uint32)
    mixed = (number * np.uint32(2654435761)) >> np.uint32(8)  # Knuth's multiplicative hashing
    return np.stack([mixed & 255, mixed >> 8 & 255, mixed >> 16 & 255], axis=1).astype(np.uint8)


def _ade_colours() -> Sequence[Sequence[int]]:
    """Those that ControlNets of segments learnt; none without controlnet_aux, which has them."""
    try:
        from controlnet_aux.util import ade_palette  # pyright: ignore[reportMissingImports]
    except ImportError:
        return ()
    return ade_palette()


PREPROCESSORS = (
    Preprocessor(
        "depth_estimated",
        {"en": "Depth (network in models/depth)", "pl": "Głębia (sieć w models/depth)"},
        depth_estimated,
        Depth,
        networks=True,
    ),
    Preprocessor(
        "segmentation",
        {
            "en": "Segments (network in models/annotators)",
            "pl": "Segmenty (sieć w models/annotators)",
        },
        segmented,
        Segments,
        networks=True,
    ),
)
