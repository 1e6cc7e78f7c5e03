"""Detectors: networks of transformers, from folders, and of ultralytics, from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from webui.ext import Services, UserError
from webui.ext_worker import read_notes, read_weights

from .finds import Find, boxed, skin
from .options import SKIN
from .yolo import Unknown
from .yolo_finds import read_finder

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
    if file.path.is_file() and file.path.suffix in _PICKLES:
        return services.kept(("detail", str(file.path)), lambda: _lone(file.path, name, services))
    if not (folder / "config.json").is_file():
        raise UserError("detail_lone", name=name)
    return services.kept(("detail", str(folder)), lambda: _read(folder, name, services))


def _lone(file: Path, name: str, services: Services) -> Detector:
    """A network of ultralytics; its file is read as a description, nothing in it is run."""
    told = read_notes(file).get("network")
    if told is None:
        raise UserError("detail_lone", name=name)
    try:
        finder = read_finder(told, read_weights(file, torch.device(services.device)))
        finder(Image.new("RGB", (64, 64)), 1.0)  # all its kinds of parts are known
    except (Unknown, KeyError, TypeError, RuntimeError) as error:
        raise UserError("detail_unread", name=name, reason=str(error)[:200]) from error
    return finder


def _explained(error: UserError, name: str) -> UserError:
    """Other pickles are whole Python objects, which cannot be read without running them."""
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
