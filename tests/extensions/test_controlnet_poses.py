"""Poses: files of all kinds read, drawn as OpenPose draws them, and what is none refused."""

import json
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.extensions.control import in_both_languages, loaded, module
from webui.core.errors import UserError

BODY = [[100 + 10 * i, 50 + 7 * i, 1.0] for i in range(18)]


def person(points: list[list[float]] = BODY, **more: Any) -> dict[str, Any]:
    return {"pose_keypoints_2d": [value for point in points for value in point], **more}


def file(*people: Any, **more: Any) -> str:
    return json.dumps({"people": list(people), "canvas_width": 320, "canvas_height": 256, **more})


def read(text: str) -> Any:
    return module("poses").read_pose(text)


def test_all_forms_of_a_pose_mean_the_same():
    plain = read(file(person()))
    shares = [[x / 320, y / 256, seen] for x, y, seen in BODY]
    assert (plain.width, plain.height, len(plain.people)) == (320, 256, 1)
    for text in (file(person(shares)), f"[{file(person())}]"):
        assert np.allclose(read(text).people[0].body, plain.people[0].body)
    keypoints = [
        {"x": x / 512, "y": y / 512, "score": 1, "id": i} for i, (x, y, _) in enumerate(BODY)
    ]
    found = [{"body": {"keypoints": [None, *keypoints[1:]]}, "left_hand": None, "face": None}]
    detected = read(json.dumps(found)).people[0].body
    assert detected[0] is None
    assert np.allclose(detected[1:], plain.people[0].body[1:])


def test_points_that_were_not_seen_hands_and_faces_are_kept():
    unseen = [[0, 0, 0], *BODY[1:]]
    hand = [value for i in range(21) for value in (200 + i, 100, 1)]
    pose = read(file(person(unseen, hand_left_keypoints_2d=hand, face_keypoints_2d=[9, 9, 1])))
    (one,) = pose.people
    assert one.body[0] is None
    assert [len(part) for part in one.hands] == [21, 0]
    assert one.face == ((9, 9),)
    drawn = np.asarray(module("poses").draw_pose(pose))
    assert tuple(drawn[9, 9]) == (255, 255, 255)
    assert tuple(drawn[100, 210]) == (0, 0, 255)


def test_limbs_have_openposes_colours_and_places():
    """From the neck a dimmed limb to each shoulder, on them a dot of the point's own colour."""
    points: list[list[float]] = [[0, 0, 0]] * 18
    points = [list(point) for point in points]
    points[1], points[2], points[5] = [160, 100, 1], [100, 100, 1], [160, 180, 1]
    drawn = np.asarray(module("poses").draw_pose(read(file(person(points)))))
    assert drawn.shape == (256, 320, 3)
    assert tuple(drawn[100, 130]) == (153, 0, 0)
    assert tuple(drawn[140, 160]) == (153, 51, 0)
    assert tuple(drawn[100, 160]) == (255, 85, 0)
    assert tuple(drawn[100, 100]) == (255, 170, 0)
    assert tuple(drawn[180, 160]) == (85, 255, 0)
    inked = int((drawn.max(axis=2) > 0).sum())
    limbs = math.pi * 4.5 * (30 + 40)  # two ellipses, half a pixel wider than drawn
    assert limbs * 0.8 < inked < limbs * 1.3 + 3 * 70


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        "[]",
        "[1, 2]",
        "null",
        '"a text"',
        json.dumps({"people": 3}),
        json.dumps({"people": [{}]}),
        file(person(BODY[:5])),
        file(person(hand_left_keypoints_2d=[1, 2, 3])),
        file(person(), canvas_width=10**6),
        file(person([["x", 1, 1], *BODY[1:]])),  # type: ignore
        file(person()).replace("100,", "NaN,", 1),
        json.dumps([{"body": {"keypoints": []}}]),
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_pose_gives_one_sentence(text: str):
    with pytest.raises(UserError, match="This is no pose"):
        read(text)


def test_the_map_is_what_the_pose_says_whatever_the_picture():
    poses = module("poses")
    options = poses.PoseOptions(pose=file(person()))
    one = poses.openpose_json(Image.new("RGB", (64, 64)), options)
    other = poses.openpose_json(Image.new("RGB", (640, 64), "red"), options)
    assert one.size == (320, 256)
    assert one.tobytes() == other.tobytes() == poses.draw_pose(read(file(person()))).tobytes()
    empty = poses.openpose_json(Image.new("RGB", (70, 50), "red"), poses.PoseOptions())
    assert empty.size == (70, 50)
    assert not np.asarray(empty).any()


def test_a_job_with_a_file_that_is_no_pose_names_the_extension():
    preprocessors = {one.name: one for one in loaded().preprocessors()}
    options = module("poses").PoseOptions(pose="[]")
    with pytest.raises(UserError, match="controlnet: This is no pose") as raised:
        preprocessors["openpose_json"].function(Image.new("RGB", (64, 64)), options)
    in_both_languages(raised.value.problem)
