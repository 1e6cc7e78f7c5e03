"""What networks of ultralytics find in a picture: their heads read, as boxes and masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as torchs
from torchvision.ops import batched_nms

from .finds import Find, Mask, boxed
from .yolo import Part, Unknown, features

SIDE = 640
"""Pixels of the longer side that they were trained with."""
_MULTIPLE = 32
_GRAY = 114
"""Of the borders, as in their training."""
_OVERLAP = 0.7
"""Of two boxes (intersection over union) from which on they are the same thing."""
_MOST = 300
_TRIED = 3000
"""Boxes, the surest, of which some may be the same thing."""
_HEADS = ("Detect", "Segment", "v10Detect", "Pose", "Segment26", "Pose26")


class Seen(NamedTuple):
    """A picture as the network is shown it.

    Attributes:
        pixels: (1, 3, H, W) in 0..1.
        scale: of the picture in it.
        left, top: of the picture in it.
    """

    pixels: Tensor
    scale: float
    left: int
    top: int


class Finder:
    """A network that finds things."""

    def __init__(self, told: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        """From what a file tells, and its tensors.

        Raises:
            Unknown: it is no network of a kind that is known here.
        """
        try:
            self._network = Part.of(told, tensors)
            self._head = self._network["model"].row[-1]
        except (KeyError, IndexError) as error:
            raise Unknown(str(told.get("kind"))) from error
        if self._head.kind not in _HEADS or not {"cv2", "cv3"} <= self._head.parts.keys():
            raise Unknown(self._head.kind)
        self._names = self._network.get("names") or {}

    @torch.inference_mode()
    def __call__(self, picture: Image.Image, least: float) -> list[Find]:
        """What is in an RGB picture, the surest first.

        Raises:
            Unknown: a part of the network is of a kind that is not known here.
        """
        weight = next(iter(_tensors(self._network)))
        seen = shown(picture)
        maps = features(self._network, seen.pixels.to(weight))
        boxes, scores, more = self._read(maps, seen.pixels.shape[2])
        best, kinds = scores.max(1)
        sure = best.topk(min(_TRIED, len(best))).indices
        sure = sure[best[sure] > least]
        boxes, best, kinds, more = boxes[sure], best[sure], kinds[sure], more[sure]
        kept = batched_nms(boxes, best, kinds, _OVERLAP)[:_MOST]
        masks = self._masks(maps, boxes[kept], more[kept], seen, picture)
        boxes = (boxes[kept] - torch.tensor([seen.left, seen.top] * 2).to(boxes)) / seen.scale
        return [
            Find(mask if mask is not None else boxed(box, picture.size), score, self._named(kind))
            for box, score, kind, mask in zip(
                map(_four, boxes.tolist()), best[kept].tolist(), kinds[kept].tolist(), masks,
                strict=True,
            )
        ]  # fmt: skip

    def _named(self, kind: int) -> str:
        names: Any = self._names
        return str(names[kind] if isinstance(names, list) else names.get(str(kind), kind))

    def _read(self, maps: Sequence[Tensor], height: int) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (N, 4) as left, top, right, bottom, scores (N, kinds), and for masks (N, M)."""
        head = self._head
        found: list[tuple[Tensor, Tensor, Tensor]] = []
        for level, x in enumerate(maps):
            stride = height // x.shape[2]
            sides = _sides(_rows(head["cv2"].row[level](x)), head.get("reg_max", 16)) * stride
            centre = _centres(x) * stride
            box = torch.cat((centre - sides[:, :2], centre + sides[:, 2:]), 1)
            score = _rows(head["cv3"].row[level](x)).sigmoid()
            masked = "proto" in head.parts and "cv4" in head.parts
            more = _rows(head["cv4"].row[level](x)) if masked else score[:, :0]
            found.append((box, score, more))
        boxes, scores, more = (torch.cat(one) for one in zip(*found, strict=True))
        return boxes, scores, more

    def _masks(
        self, maps: Sequence[Tensor], boxes: Tensor, more: Tensor, seen: Seen, picture: Image.Image
    ) -> Sequence[Mask | None]:
        """(H, W) of the picture, 255 where each thing is, within its box; None: only the box."""
        if not more.shape[1] or self._head["proto"].kind != "Proto":
            return [None] * len(boxes)
        (patterns,) = self._head["proto"](maps[0])
        height, width = seen.pixels.shape[2:]
        whole = (more @ patterns.flatten(1)).view(-1, *patterns.shape[1:])
        inner = slice(seen.top, seen.top + round(picture.height * seen.scale))
        across = slice(seen.left, seen.left + round(picture.width * seen.scale))
        masks: list[Mask | None] = []
        for one, box in zip(whole, boxes, strict=True):
            drawn = torchs.interpolate(one[None, None], (height, width), mode="bilinear")[0, 0]
            left, top, right, bottom = _four(box.round().long().clamp(min=0).tolist())
            limits = torch.zeros_like(drawn)
            limits[int(top) : int(bottom), int(left) : int(right)] = 1
            inside = (drawn * limits)[inner, across][None, None]
            back = torchs.interpolate(inside, (picture.height, picture.width), mode="bilinear")
            masks.append(np.asarray(back[0, 0].gt(0).cpu(), np.uint8) * 255)
        return masks


def read_finder(told: str, tensors: Mapping[str, Tensor]) -> Finder:
    """From a file's notes.

    Raises:
        Unknown: as `Finder` does.
    """
    return Finder(json.loads(told), tensors)


def shown(picture: Image.Image) -> Seen:
    """The picture at the size of the training, with borders to sides that are multiples."""
    scale = SIDE / max(picture.size)
    width, height = (max(round(side * scale), 1) for side in picture.size)
    whole = [-(-side // _MULTIPLE) * _MULTIPLE for side in (width, height)]
    left, top = (whole[0] - width) // 2, (whole[1] - height) // 2
    canvas = Image.new("RGB", (whole[0], whole[1]), (_GRAY,) * 3)
    canvas.paste(
        picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR), (left, top)
    )
    pixels = torch.from_numpy(np.array(canvas)).permute(2, 0, 1)[None].float() / 255
    return Seen(pixels, scale, left, top)


def _rows(x: Tensor) -> Tensor:
    """(1, C, h, w) as (h * w, C)."""
    return x[0].flatten(1).transpose(0, 1)


def _centres(x: Tensor) -> Tensor:
    """(h * w, 2): x and y of the middle of each place."""
    down, across = (torch.arange(side, device=x.device) + 0.5 for side in x.shape[2:])
    y, x_ = torch.meshgrid(down, across, indexing="ij")
    return torch.stack((x_, y), 2).flatten(0, 1).to(x)


def _sides(rows: Tensor, count: int) -> Tensor:
    """(N, 4): how far left, up, right and down a box reaches, in places. With several numbers a
    side, they say how likely each distance is (arXiv:2006.04388)."""
    if count == 1:
        return rows
    likely = rows.view(len(rows), 4, count).softmax(2)
    return likely @ torch.arange(count).to(rows)


def _four(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left, top, right, bottom


def _tensors(part: Part) -> list[Tensor]:
    return [*part.own.values(), *(one for inner in part.row for one in _tensors(inner))]
