import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image

from tests.doors import Client
from webui.api.pictures import make_thumbnail
from webui.core.paths import Paths
from webui.library.pictures import encode

INFOTEXT = (
    "a red apple\nNegative prompt: worms\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 42, Size: 512x768, Model: easel-demo"
)


@pytest.fixture(scope="module")
def picture(client: Client) -> dict:
    job = client.finished(client.submit("an apple", seed=300, width=512, height=256)["id"])
    return job["pictures"][0]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_file_is_the_one_on_disk_and_says_how_it_was_made(client: Client, picture: dict):
    response = client("GET", f"/api/v1/pictures/{picture['id']}")
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"].endswith("immutable")
    with open(picture["file"], "rb") as file:
        assert response.content == file.read()
    image = opened(response.content)
    assert image.size == (512, 256)
    assert image.getpixel((0, 0)) == (300 % 256, 1, 99)
    assert image.info["parameters"] == picture["infotext"]


def test_it_is_shown_or_saved_under_its_own_name(client: Client, picture: dict):
    shown = client("GET", f"/api/v1/pictures/{picture['id']}")
    assert shown.headers["content-disposition"].startswith("inline; filename*=UTF-8''")
    saved = client("GET", f"/api/v1/pictures/{picture['id']}?download=1")
    assert saved.headers["content-disposition"].startswith("attachment; ")
    assert saved.headers["content-disposition"].endswith(".png")


def test_its_parameters(client: Client, picture: dict):
    assert client.get(f"/pictures/{picture['id']}/info") == picture


def test_a_small_one_is_made_once(client: Client, picture: dict, paths: Paths):
    first = client("GET", f"/api/v1/pictures/{picture['id']}/thumbnail?size=128")
    assert first.headers["content-type"] == "image/webp"
    assert opened(first.content).size == (128, 64)
    kept = paths.thumbnails / f"{picture['id']}-128.webp"
    assert kept.read_bytes() == first.content
    kept.write_bytes(b"from the cache")
    again = client("GET", f"/api/v1/pictures/{picture['id']}/thumbnail?size=128")
    assert again.content == b"from the cache"
    kept.unlink()
    usual = client("GET", f"/api/v1/pictures/{picture['id']}/thumbnail")
    assert opened(usual.content).size == (256, 128)


def test_a_small_one_where_nothing_can_be_kept(client: Client, picture: dict, paths: Paths):
    for kept in paths.thumbnails.iterdir():
        kept.unlink()
    paths.thumbnails.rmdir()
    paths.thumbnails.write_text("in the way", encoding="utf-8")
    try:
        response = client("GET", f"/api/v1/pictures/{picture['id']}/thumbnail?size=64")
        assert opened(response.content).size == (64, 32)
    finally:
        paths.thumbnails.unlink()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16", "CMYK"])
def test_pictures_of_every_kind_are_made_small(mode):
    image = Image.new("RGB", (400, 300), (10, 200, 30))
    file = io.BytesIO()
    if mode == "I;16":
        image = Image.new(mode, (400, 300))
    elif mode == "CMYK":
        image.convert(mode).save(file, "JPEG")
    if not file.tell():
        image.convert(mode).save(file, "PNG")
    assert opened(make_thumbnail(file.getvalue(), 100)).size == (100, 75)


def test_parameters_are_read_from_any_picture(client: Client):
    image = Image.new("RGB", (64, 64), (1, 2, 3))
    for format in ("png", "jpeg", "webp", "avif"):
        data = encode(image, format, 90, INFOTEXT)
        response = client("POST", "/api/v1/infotext", content=data)
        assert response.status_code == 200
        read = response.json()
        assert read["infotext"] == INFOTEXT
        assert read["parameters"]["Sampler"] == "Euler a"
        fields = read["fields"]
        assert (fields["prompt"], fields["negative_prompt"]) == ("a red apple", "worms")
        assert (fields["steps"], fields["cfg_scale"], fields["seed"]) == (20, 7.5, 42)
        assert (fields["width"], fields["height"]) == (512, 768)
        assert (fields["sampler"], fields["model"]) == ("Euler a", "easel-demo")


def test_a_result_brings_back_what_extensions_were_asked_for(client: Client):
    data = encode(Image.new("RGB", (64, 64), (9, 9, 9)), "png", 90, "")
    ref = client("POST", "/api/v1/images", content=data).json()["id"]
    unit = {"image": ref, "model": "a net", "preprocessor": "canny", "options": {"low": 7}}
    asked = {"controlnet": {"units": [unit]}}
    job = client.finished(client.submit("an apple", extensions=asked)["id"])
    file = encode(Image.new("RGB", (64, 64)), "png", 90, INFOTEXT)
    (id,) = (one["id"] for one in job["pictures"])
    path = "/api/v1/infotext"
    read = client("POST", f"{path}?picture={id}", content=file).json()["fields"]["extensions"]
    (told,) = read["controlnet"]["units"]
    assert told | unit == told and told["weight"] == 1, "all of its values"
    for other in ("", "?picture=gone"):
        assert "extensions" not in client("POST", f"{path}{other}", content=file).json()["fields"]


def test_a_model_that_is_not_here_is_left_out(client: Client):
    strange = INFOTEXT.replace("easel-demo", "somebody's")
    data = encode(Image.new("RGB", (64, 64)), "png", 90, strange)
    read = client("POST", "/api/v1/infotext", content=data).json()
    assert "model" not in read["fields"] and read["parameters"]["Model"] == "somebody's"


def test_a_picture_that_says_nothing(client: Client):
    data = encode(Image.new("RGB", (64, 64)), "png", 90, "")
    read = client("POST", "/api/v1/infotext", content=data).json()
    assert read == {"infotext": None, "parameters": {}, "fields": {}, "other": {}}


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG by hand: its head may say what it likes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    texts = b"".join(chunk(b"zTXt", data) for data in chunks)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + texts + pixels + chunk(b"IEND", b"")


BOMB = b"parameters\0\0" + zlib.compress(b"x" * 100_000_000, 9)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unknown"),
        (b"%PDF-1.7", "picture_unknown"),
        (encode(Image.new("RGB", (64, 64)), "png", 90, INFOTEXT)[:60], None),
        (png(60_000, 60_000), "picture_too_large"),
        (png(64, 64, BOMB), None),
    ],
    ids=["nothing", "svg", "pdf", "cut off", "huge", "text bomb"],
)
def test_what_is_no_honest_picture_is_told_in_a_sentence(client: Client, data: bytes, code):
    response = client("POST", "/api/v1/infotext", content=data)
    assert response.status_code in (200, 422)
    if code:
        assert response.json()["problems"][0]["code"] == code
    assert len(response.content) < 20_000_000


def test_the_file_of_a_picture_may_be_gone(client: Client):
    job = client.finished(client.submit("gone soon")["id"])
    picture = job["pictures"][0]
    digest = hashlib.sha256(client("GET", f"/api/v1/pictures/{picture['id']}").content)
    assert digest.hexdigest()
    from pathlib import Path

    Path(picture["file"]).unlink()
    response = client("GET", f"/api/v1/pictures/{picture['id']}")
    assert response.status_code == 404
    assert response.json()["problems"][0]["message"]


def test_a_zip_of_pictures_is_shown_by_its_first_one(client: Client):
    source = client.finished(client.submit("pears", batch_count=2, width=128, height=64)["id"])
    asked = {"kind": "film", "job": source["id"], "format": "zip"}
    film = client.finished(client("POST", "/api/v1/jobs", json=asked).json()["id"])
    (made,) = film["pictures"]
    whole = client("GET", f"/api/v1/pictures/{made['id']}")
    assert whole.headers["content-type"] == "application/zip" and whole.content[:2] == b"PK"
    piece = client("GET", f"/api/v1/pictures/{made['id']}", headers={"range": "bytes=0-1"})
    assert (piece.status_code, piece.content) == (206, b"PK")
    small = client("GET", f"/api/v1/pictures/{made['id']}/thumbnail?size=32")
    assert small.status_code == 200
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.size == (32, 16)
