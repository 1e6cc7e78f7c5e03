"""Poses: read from JSON, drawn as the coloured limbs that networks for poses were trained on.

Understood are OpenPose's own files (`people`, `pose_keypoints_2d` in the order of its 18 points of
COCO), lists of them, and what controlnet_aux's detectors return, as JSON. The drawing (limbs,
colours, widths) is OpenPose's: https://github.com/CMU-Perceptual-Computing-Lab/openpose
"""

from __future__ import annotations

import colorsys
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from PIL import Image
from pydantic import BaseModel, Field

from webui.ext import Preprocessor, UserError

BODY, HAND = 18, 21
LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10)),
    *((1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""Points that a limb joins, each with the colour of the same place."""
COLOURS = (
    *((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0)),
    *((0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255)),
    *((0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85)),
)
_PARTS = {
    "pose_keypoints_2d": BODY,
    "hand_left_keypoints_2d": HAND,
    "hand_right_keypoints_2d": HAND,
    "face_keypoints_2d": None,
}
"""Of a person, with how many points they have."""
_FINGERS = tuple((0 if i % 4 == 1 else i - 1, i) for i in range(1, HAND))
_HALF_WIDTH = 4
_DIMMED = 0.6
_LARGEST = 4096
_USUAL = 512
LONGEST = 400_000
"""Letters of a pose: some hundred persons with faces and hands."""

Point = tuple[float, float] | None


class PoseOptions(BaseModel):
    """The pose, as JSON; empty: nobody is there."""

    pose: str = Field(
        default="", max_length=LONGEST, title="Pose (JSON)", json_schema_extra={"hidden": True}
    )


@dataclass(frozen=True)
class Person:
    """Points in pixels; None: not seen. `body` has 18, a hand 21, a face any number."""

    body: tuple[Point, ...]
    hands: tuple[tuple[Point, ...], ...] = ()
    face: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Pose:
    """width, height: of the canvas that the points lie on, in pixels."""

    width: int
    height: int
    people: tuple[Person, ...] = ()


def read_pose(text: str) -> Pose:
    """The pose that a file tells of.

    Raises:
        UserError: it is none.
    """
    try:
        return _pose(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise UserError("pose_file") from error


def _pose(data: Any) -> Pose:
    if isinstance(data, list):
        found = cast(list[Any], data)
        if found and "body" in found[0]:
            return _of_detector(found)
        (data,) = found  # one frame
    people = [one for one in data["people"] if one is not None]
    width, height = (_side(data.get(f"canvas_{side}")) for side in ("width", "height"))
    values = [_numbers(one, "pose_keypoints_2d", BODY) for one in people]
    parts = [
        number
        for one in people
        for name, count in _PARTS.items()
        for number in _numbers(one, name, count)
    ]
    within_1 = all(0 <= value <= 1 for value in parts) and bool(parts)
    scale = (width, height) if within_1 else (1, 1)
    persons = [
        Person(
            _points(body, scale),
            tuple(
                _points(_numbers(one, name, HAND), scale)
                for name in ("hand_left_keypoints_2d", "hand_right_keypoints_2d")
            ),
            _points(_numbers(one, "face_keypoints_2d", None), scale),
        )
        for one, body in zip(people, values, strict=True)
    ]
    return Pose(width, height, tuple(persons))


def _side(value: Any) -> int:
    side = _USUAL if value is None else int(value)
    if not 1 <= side <= _LARGEST:
        raise ValueError("no size of a canvas")
    return side


def _numbers(person: Any, name: str, points: int | None) -> list[float]:
    """x, y and confidence of each point in a row; a hand or face may be missing."""
    given = person.get(name) or []
    if name.startswith("pose") and len(given) != 3 * BODY:
        raise ValueError("not the points of a body")
    if len(given) % 3 or (points and given and len(given) != 3 * points):
        raise ValueError("not the points of a part")
    numbers = [float(value or 0) for value in given]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("no number")
    return numbers


def _points(numbers: Sequence[float], scale: tuple[float, float]) -> tuple[Point, ...]:
    rows = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    return tuple((x * scale[0], y * scale[1]) if seen > 0 else None for x, y, seen in rows)


def _of_detector(found: list[Any]) -> Pose:
    """controlnet_aux's results: points as shares of the picture."""

    def points(given: Any) -> tuple[Point, ...]:
        rows = given or []
        return tuple(one and (float(one["x"]) * _USUAL, float(one["y"]) * _USUAL) for one in rows)

    persons = [
        Person(
            points(one["body"]["keypoints"]),
            (points(one.get("left_hand")), points(one.get("right_hand"))),
            points(one.get("face")),
        )
        for one in found
    ]
    if any(len(one.body) != BODY for one in persons):
        raise ValueError("not the points of a body")
    return Pose(_USUAL, _USUAL, tuple(persons))


def detected(found: Sequence[Any], size: tuple[int, int], body: bool = True) -> str:
    """OpenPose's JSON of what controlnet_aux's detector of poses returns.

    Args:
        size: of the picture, in pixels; its points are shares of it, below 0 where none was seen.
        body: whether bodies count.
    """

    def row(points: Sequence[Any]) -> list[float]:
        numbers: list[float] = []
        for one in points:
            if one is None or one.x < 0 or one.y < 0:
                numbers += [0, 0, 0]
            else:
                numbers += [round(float(one.x) * size[0], 2), round(float(one.y) * size[1], 2), 1]
        return numbers

    people: list[dict[str, list[float]]] = []
    for one in found:
        person = {"pose_keypoints_2d": row(one.body.keypoints if body else [None] * BODY)}
        parts = {"hand_left": one.left_hand, "hand_right": one.right_hand, "face": one.face}
        person |= {f"{name}_keypoints_2d": row(part) for name, part in parts.items() if part}
        people.append(person)
    width, height = size
    return json.dumps({"people": people, "canvas_width": width, "canvas_height": height})


def draw_pose(pose: Pose) -> Image.Image:
    """The map, as large as the pose's canvas."""
    canvas = np.zeros((pose.height, pose.width, 3), np.uint8)
    for person in pose.people:
        _draw_body(canvas, person.body)
    for person in pose.people:
        for hand in person.hands:
            _draw_hand(canvas, hand)
        for point in filter(None, person.face):
            cv2.circle(canvas, _pixel(point), 3, (255, 255, 255), -1)
    return Image.fromarray(canvas)


def _draw_body(canvas: Any, body: Sequence[Point]) -> None:
    for (a, b), colour in zip(LIMBS, COLOURS, strict=False):
        start, end = body[a], body[b]
        if start is None or end is None:
            continue
        middle = _pixel(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        length = math.hypot(end[0] - start[0], end[1] - start[1])
        angle = math.degrees(math.atan2(start[1] - end[1], start[0] - end[0]))
        axes = int(length / 2), _HALF_WIDTH
        outline = cv2.ellipse2Poly(middle, axes, int(angle), 0, 360, 1)
        cv2.fillConvexPoly(canvas, np.asarray(outline), [int(value * _DIMMED) for value in colour])
    for point, colour in zip(body, COLOURS, strict=True):
        if point is not None:
            cv2.circle(canvas, _pixel(point), _HALF_WIDTH, colour, -1)


def _draw_hand(canvas: Any, hand: Sequence[Point]) -> None:
    if not hand:
        return
    for number, (a, b) in enumerate(_FINGERS):
        start, end = hand[a], hand[b]
        if start is not None and end is not None:
            shade = colorsys.hsv_to_rgb(number / len(_FINGERS), 1, 1)
            colour = [int(255 * value) for value in shade]
            cv2.line(canvas, _pixel(start), _pixel(end), colour, 2)
    for point in filter(None, hand):
        cv2.circle(canvas, _pixel(point), _HALF_WIDTH, (0, 0, 255), -1)


def _pixel(point: tuple[float, float]) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def openpose_json(picture: Image.Image, options: PoseOptions) -> Image.Image:
    """The map of a pose; the picture itself is not looked at."""
    if not options.pose:
        return Image.new("RGB", picture.size)
    return draw_pose(read_pose(options.pose))


PREPROCESSORS = (
    Preprocessor(
        "openpose_json",
        {"en": "Pose from the editor", "pl": "Poza z edytora"},
        openpose_json,
        PoseOptions,
    ),
)
