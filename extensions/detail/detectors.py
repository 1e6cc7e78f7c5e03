"""Detectors: networks of transformers, from folders that the user has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from webui.ext import Services, UserError

from .finds import Find, boxed, skin
from .options import SKIN

Detector = Callable[[Image.Image, float], Sequence[Find]]
"""(RGB picture, least confidence) -> what it finds."""
_PICKLES = (".pt", ".pth", ".bin", ".ckpt")


def detector(name: str, services: Services) -> Detector:
    """A detector by its name.

    Raises:
        UserError: there is no such model, or it cannot be used.
    """
    if name == SKIN:
        return lambda picture, least: [find for find in skin(picture) if find.score >= least]
    try:
        file = services.model("detector", name)
    except UserError as error:
        raise _explained(error, name) from error
    folder = file.path if file.path.is_dir() else file.path.parent
    if not (folder / "config.json").is_file():
        raise UserError(
            "detail_pickle" if file.path.suffix in _PICKLES else "detail_lone", name=name
        )
    return services.kept(("detail", str(folder)), lambda: _read(folder, name, services))


def _explained(error: UserError, name: str) -> UserError:
    """Files of ultralytics are whole Python objects, which cannot be read without running them."""
    foreign = error.problem.code in ("model_pickle_foreign", "model_damaged")
    return UserError("detail_pickle", name=name) if foreign else error


def _read(folder: Path, name: str, services: Services) -> Detector:
    """A folder with a network for object detection, as transformers has it."""
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    where: Any = {"local_files_only": True, "use_safetensors": True}
    try:
        processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        network: Any = AutoModelForObjectDetection.from_pretrained(folder, **where)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise UserError("detail_unread", name=name, reason=str(error)[:200]) from error
    device = services.device
    network.eval().to(device)

    @torch.inference_mode()
    def found(picture: Image.Image, least: float) -> list[Find]:
        shown = processor(images=picture, return_tensors="pt").to(device)
        answer = network(**shown)
        sizes = torch.tensor([[picture.height, picture.width]])
        (one,) = processor.post_process_object_detection(answer, least, sizes)
        names: Any = network.config.id2label
        return [
            Find(boxed(tuple(box), picture.size), score, str(names.get(label, label)))
            for box, score, label in zip(
                one["boxes"].tolist(), one["scores"].tolist(), one["labels"].tolist(), strict=True
            )
        ]

    return found
