"""Films and sounds that are sent."""

import hashlib
import wave
from collections.abc import Iterator

import numpy as np
import pytest

from tests.doors import Client
from webui.api import media
from webui.api.access import Access, Hosts
from webui.app import create
from webui.jobs.services import Services
from webui.video.encoding import Encoding
from webui.video.writing import write_film


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    frames = [np.full((32, 48, 3), value, np.uint8) for value in range(0, 250, 50)]
    write_film(frames, path, Encoding(fps=10, preset="ultrafast"))
    return path.read_bytes()


def test_a_film_is_called_by_its_hash_and_stays_what_it_is(client: Client, film: bytes):
    response = client("POST", "/api/v1/media", content=film)
    assert response.status_code == 201, response.text
    stored = response.json()
    assert stored == {
        "id": f"sha256:{hashlib.sha256(film).hexdigest()}",
        "width": 48,
        "height": 32,
        "media_type": "video/mp4",
        "frames": 5,
        "fps": 10.0,
    }
    assert client.get(f"/images/{stored['id']}/info") == stored
    whole = client("GET", f"/api/v1/images/{stored['id']}")
    assert whole.content == film and whole.headers["content-type"] == "video/mp4"
    piece = client("GET", f"/api/v1/images/{stored['id']}", headers={"range": "bytes=4-7"})
    assert (piece.status_code, piece.content) == (206, b"ftyp")


def test_a_body_in_pieces(client: Client, film: bytes):
    def pieces() -> Iterator[bytes]:
        for place in range(0, len(film), 100):
            yield film[place : place + 100]

    async def body():
        for piece in pieces():
            yield piece

    response = client("POST", "/api/v1/media", content=body())
    assert response.status_code == 201
    assert response.json()["id"] == f"sha256:{hashlib.sha256(film).hexdigest()}"


def test_a_sound(client: Client, tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\1\2" * 8000)
    response = client("POST", "/api/v1/media", content=(tmp_path / "a.wav").read_bytes())
    assert response.status_code == 201, response.text
    assert response.json()["media_type"] == "audio/wav"


@pytest.mark.parametrize("data", [b"", b"text", b"ffconcat version 1.0\nfile /etc/passwd\n"])
def test_what_is_neither(client: Client, services: Services, data: bytes):
    response = client("POST", "/api/v1/media", content=data)
    assert response.status_code == 422
    assert response.json()["problems"][0]["code"] == "media_unknown"
    assert not list(services.paths.data.rglob(".incoming-*"))


def test_a_film_that_is_cut_off(client: Client, film: bytes):
    response = client("POST", "/api/v1/media", content=film[:60])
    assert response.status_code == 422
    assert response.json()["problems"][0]["code"] == "sound_unread"


def test_too_large(client: Client, services: Services, film: bytes, monkeypatch):
    monkeypatch.setattr(media, "LARGEST", 0)
    assert client("POST", "/api/v1/media", content=film).status_code == 413

    async def body():
        yield film

    response = client("POST", "/api/v1/media", content=body())
    assert response.status_code == 413
    assert not list(services.paths.data.rglob(".incoming-*"))


def test_guests_of_a_shared_link_send_less(services: Services, film: bytes, monkeypatch):
    monkeypatch.setattr(media, "LARGEST_OF_GUESTS", 0)
    hosts = Hosts("127.0.0.1")
    hosts.add("abc.gradio.example")
    guests = Client(create(services, Access(hosts), page=False))
    headers = {"host": "abc.gradio.example"}
    response = guests("POST", "/api/v1/media", content=film, headers=headers)
    assert response.status_code == 413


def test_a_film_is_no_picture_to_begin_with(client: Client, film: bytes):
    id = client("POST", "/api/v1/media", content=film).json()["id"]
    values = {"kind": "img2img", "prompt": "x", "image": id}
    response = client("POST", "/api/v1/jobs", json=values)
    assert response.status_code == 422
    assert [one["field"] for one in response.json()["problems"]] == ["image"]
