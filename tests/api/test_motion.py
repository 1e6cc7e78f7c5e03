import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.doors import Client
from webui.motion.card import moving_card
from webui.video.encoding import Encoding
from webui.video.writing import write_film

SETTINGS = {"compat": "native", "max_frames": 5, "W": 256, "H": 128, "prompts": {"0": "a cat"}}


@pytest.fixture
def motion(client: Client):
    def ask(
        query: str = "", status: int = 200, files: dict[str, str] | None = None, **settings: Any
    ) -> dict[str, Any]:
        body = {"kind": "animation", "settings": {**SETTINGS, **settings}, "files": files or {}}
        answer = client("POST", f"/api/v1/animations/motion{query}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


def sheet_of(told: dict[str, Any]) -> np.ndarray[Any, Any]:
    kind, _, data = told["sheet"].partition(",")
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))), np.int16)


def test_a_card_moves_on_a_sheet(motion):
    told = motion("?size=64", translation_x="0:(32)", zoom="0:(1)")
    assert told["at"] == [0, 1, 2, 3, 4]
    assert (told["columns"], told["width"], told["height"]) == (3, 64, 32)
    sheet = sheet_of(told)
    assert sheet.shape == (64, 192, 3)
    card = moving_card(64, 32).astype(np.int16)
    assert np.abs(sheet[:32, :64] - card).mean() < 12  # a JPEG's colours are coarse
    assert np.abs(sheet[:32, 72:128] - card[:, :56]).mean() < 12  # an eighth to the right
    assert np.abs(sheet[:32, 64:128] - card).mean() > 24


def test_the_first_picture_that_was_sent_moves(motion, client: Client):
    data = io.BytesIO()
    Image.new("RGB", (64, 32), (10, 200, 10)).save(data, "PNG")
    headers = {"content-type": "image/png"}
    sent = client("POST", "/api/v1/images", content=data.getvalue(), headers=headers).json()
    files = {"init_image": sent["id"]}
    told = motion(files=files, use_init=True, init_image="a.png", border="wrap")
    assert np.abs(sheet_of(told)[:72, :144] - (10, 200, 10)).max() < 8
    assert np.abs(sheet_of(motion(files=files))[:72, :144] - (10, 200, 10)).max() > 80


def test_what_is_wrong_is_told(motion):
    (problem,) = motion(status=422, angle="0:(sin(t)")["problems"]
    assert "angle" in problem["message"]
    (problem,) = motion(status=422, animation_mode="Interpolation")["problems"]
    assert problem["field"] == "animation_mode"


def test_where_the_depths_come_from_is_told_and_a_films_frames_are_shown(
    motion, client: Client, tmp_path: Path
):
    told = motion(animation_mode="3D")
    assert (told["shows"], told["depth"]) == ("motion", "plane")
    assert motion()["depth"] == "none"
    frames = [np.full((32, 64, 3), level, np.uint8) for level in (40, 200)]
    write_film(frames, tmp_path / "a.mp4", Encoding())
    headers = {"content-type": "video/mp4"}
    data = (tmp_path / "a.mp4").read_bytes()
    sent = client("POST", "/api/v1/media", content=data, headers=headers).json()
    told = motion(files={"video_init_path": sent["id"]}, animation_mode="Video Input")
    assert (told["shows"], told["depth"], told["at"]) == ("film", "none", [0, 1])
    sheet = sheet_of(told)
    assert abs(sheet[:, :144].mean() - 40) < 6 and abs(sheet[:, 144:].mean() - 200) < 6
    (problem,) = motion(status=422, animation_mode="Video Input")["problems"]
    assert problem["field"] == "settings.video_init_path"
