"""What is heard in sounds that were sent."""

import numpy as np
import pytest

from tests.doors import Client
from tests.sound.signals import clicks, write_wav
from webui.video.encoding import Encoding
from webui.video.writing import write_film


@pytest.fixture(scope="module")
def sound(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("sound")
    samples = clicks(np.arange(0.25, 8, 0.5), 8, 3000) + clicks([1.5], 8, 100)
    data = write_wav(folder / "a.wav", samples).read_bytes()
    return client("POST", "/api/v1/media", content=data).json()["id"]


def test_the_wave_the_beats_and_the_tempo(client: Client, sound: str):
    heard = client.get(f"/animation/sound/{sound}")
    assert heard["seconds"] == 8 and len(heard["peaks"]) == 2000
    assert all(-1 <= low <= high <= 1 for low, high in heard["peaks"])
    assert len(heard["onsets"]) == 17 and heard["onsets"][0]["time"] == pytest.approx(
        0.25, abs=0.02
    )
    assert heard["bpm"] == pytest.approx(120, rel=0.01)
    assert client.get(f"/animation/sound/{sound.removeprefix('sha256:')}") == heard


def test_one_band(client: Client, sound: str):
    heard = client.get(f"/animation/sound/{sound}?band_high=200&threshold=2")
    assert [one["time"] for one in heard["onsets"]] == pytest.approx([1.5], abs=0.03)


def test_a_film_without_sound_says_so(client: Client, tmp_path):
    frames = [np.zeros((16, 16, 3), np.uint8)] * 3
    write_film(frames, tmp_path / "a.mp4", Encoding(preset="ultrafast"))
    id = client("POST", "/api/v1/media", content=(tmp_path / "a.mp4").read_bytes()).json()["id"]
    response = client("GET", f"/api/v1/animation/sound/{id}")
    assert response.status_code == 422
    assert response.json()["problems"][0]["code"] == "sound_unread"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("band_low=300&band_high=200", 422, "sound_band"),
        ("band_low=nan", 422, "query"),
        ("threshold=-1", 422, "query"),
    ],
)
def test_what_does_not_fit(client: Client, sound: str, query, status, code):
    response = client("GET", f"/api/v1/animation/sound/{sound}?{query}")
    assert (response.status_code, response.json()["problems"][0]["code"]) == (status, code)


@pytest.mark.parametrize("id", ["0" * 64, "sha256:" + "0" * 64, "x", "..%2f..%2fetc"])
def test_nothing_of_this_name(client: Client, id: str):
    assert client("GET", f"/api/v1/animation/sound/{id}").status_code == 404
