"""Networks of ultralytics: read without its package, and equal to what they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.extensions.test_detail import module, shelf
from tests.extensions.wholes import write
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.ext_worker import read_notes, read_weights


def read(path: Path) -> Any:
    told = json.loads(read_notes(path)["network"])
    return told, read_weights(path, torch.device("cpu"))


def test_its_layers_make_what_the_network_makes(tmp_path):
    path = tmp_path / "a.pt"
    network = write(path)
    x = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        made = module("yolo").features(module("yolo").Part.of(*read(path)), x)
        wanted = network(x)
    assert [one.shape for one in made] == [(1, 8, 32, 48), (1, 16, 16, 24)]
    for one, other in zip(made, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_boxes_lie_where_the_heads_numbers_say(tmp_path):
    """One place of the finer level is made sure of; all its sides reach 4 places far."""
    path = tmp_path / "a.pt"
    write(path)
    told, tensors = read(path)
    for name, one in tensors.items():
        if name.startswith("model.7.cv") and name.endswith(".1.weight"):
            one.zero_()
        elif name.startswith("model.7.cv3") and name.endswith(".1.bias"):
            one.fill_(-20)
        elif name.startswith("model.7.cv2") and name.endswith(".1.bias"):
            one.copy_(torch.where(torch.arange(64) % 16 == 4, 30.0, 0.0))
    finder = module("yolo_finds").Finder(told, tensors)
    boxes, scores, _ = finder._read([torch.zeros(1, 8, 8, 12), torch.zeros(1, 16, 4, 6)], 16)
    assert boxes.shape == (8 * 12 + 4 * 6, 4) and scores.max() < 1e-6
    x, y = 2 * (5 + 0.5), 2 * (3 + 0.5)  # of the place at 5, 3; a place is 2 pixels
    wanted = torch.tensor([x - 8, y - 8, x + 8, y + 8])
    torch.testing.assert_close(boxes[3 * 12 + 5], wanted, atol=1e-3, rtol=0)
    coarse = torch.tensor(
        [6.0 - 16, 6.0 - 16, 6.0 + 16, 6.0 + 16]
    )  # the place at 1, 1, of 4 pixels
    torch.testing.assert_close(boxes[96 + 6 + 1], coarse, atol=1e-3, rtol=0)


def test_what_it_finds_is_named_and_lies_within_the_picture(tmp_path):
    write(tmp_path / "models" / "detectors" / "face_yolov8n.pt")
    detector = module("detectors").detector("face_yolov8n", shelf(tmp_path))
    picture = Image.effect_noise((300, 200), 80).convert("RGB")
    found = detector(picture, 0.0)
    assert 1 < len(found) <= 300 and {one.label for one in found} <= {"face", "hand"}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(one.mask.shape == (200, 300) for one in found)
    assert detector(picture, 0.9999) == []


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (1000, 31)])
def test_the_picture_is_shown_whole_with_gray_borders(size):
    picture = Image.new("RGB", size, "white")
    seen = module("yolo_finds").shown(picture)
    height, width = seen.pixels.shape[2:]
    assert max(width, height) == 640 and width % 32 == height % 32 == 0
    white = np.argwhere(seen.pixels[0, 0].numpy() == 1)
    (top, left), (bottom, right) = white.min(0), white.max(0) + 1
    assert (left, top) == (seen.left, seen.top)
    assert abs((right - left) - size[0] * seen.scale) <= 1
    assert abs((bottom - top) - size[1] * seen.scale) <= 1


def test_networks_that_are_not_known_are_named(tmp_path):
    home = tmp_path / "models" / "detectors"
    write(home / "yolo12.pt", renamed="A2C2f")
    with pytest.raises(
        UserError, match=r"yolo12 is no detector that can be read \(A2C2f\)"
    ) as raised:
        module("detectors").detector("yolo12", shelf(tmp_path))
    assert "yolo12 nie jest detektorem" in worded(raised.value.problem, "pl")


def test_what_else_such_a_file_asks_for_is_refused(tmp_path):
    home = tmp_path / "models" / "detectors"
    write(home / "evil.pt", beside=Evil())
    with pytest.raises(UserError, match="runs code when it is read"):
        module("detectors").detector("evil", shelf(tmp_path))
    assert not Path("ran").exists()


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)
