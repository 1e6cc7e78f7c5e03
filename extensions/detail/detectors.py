"""Detectors: networks of transformers and of ultralytics, from files that the user has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from webui.ext import ModelFile, Services, UserError

from .finds import Find, boxed, skin
from .options import SKIN

Detector = Callable[[Image.Image, float], Sequence[Find]]
"""(RGB picture, least confidence) -> what it finds."""


def detector(name: str, services: Services) -> Detector:
    """A detector by its name.

    Raises:
        UserError: there is no such model, or it cannot be used.
    """
    if name == SKIN:
        return lambda picture, least: [find for find in skin(picture) if find.score >= least]
    file = services.model("detector", name)
    read = _of_transformers if file.path.is_dir() else _of_ultralytics
    return services.kept(("detail", str(file.path)), lambda: read(file, services))


def _of_transformers(file: ModelFile, services: Services) -> Detector:
    """A folder with a network for object detection."""
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    where = {"local_files_only": True}
    try:
        processor: Any = AutoImageProcessor.from_pretrained(file.path, **where)
        network: Any = AutoModelForObjectDetection.from_pretrained(file.path, **where)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise UserError("detail_unread", name=file.name, reason=str(error)[:200]) from error
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


def _of_ultralytics(file: ModelFile, services: Services) -> Detector:
    """A file of YOLO, with boxes or masks."""
    try:
        from ultralytics import YOLO  # pyright: ignore[reportMissingImports]  not ours to install
    except ImportError as error:
        raise UserError("detail_ultralytics", name=file.name) from error
    network: Any = YOLO(file.path)

    def found(picture: Image.Image, least: float) -> list[Find]:
        (answer,) = network.predict(picture, conf=least, device=services.device, verbose=False)
        masks = _masks(answer, picture.size)
        boxes = answer.boxes
        return [
            Find(
                masks[place] if masks else boxed(tuple(box), picture.size),
                score,
                str(answer.names.get(int(label), int(label))),
            )
            for place, (box, score, label) in enumerate(
                zip(boxes.xyxy.tolist(), boxes.conf.tolist(), boxes.cls.tolist(), strict=True)
            )
        ]

    return found


def _masks(answer: Any, size: tuple[int, int]) -> list[Any]:
    """Of each find, at the picture's size; none where the network tells boxes alone."""
    if answer.masks is None:
        return []
    levels = (answer.masks.data.cpu().numpy() > 0.5).astype(np.uint8) * 255
    return [
        np.asarray(Image.fromarray(one).resize(size, Image.Resampling.NEAREST)) for one in levels
    ]
