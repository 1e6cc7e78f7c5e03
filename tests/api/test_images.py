"""Pictures that requests begin with: every kind of file, and what may be asked of them."""

import hashlib
import tracemalloc
from typing import Any

import pytest

from tests.bad_pictures import BROKEN, ODD, black, file_of, photo
from tests.doors import Client

UNKNOWN = f"sha256:{'0' * 64}"


def sent(client: Client, data: bytes) -> dict[str, Any]:
    response = client("POST", "/api/v1/images", content=data)
    assert response.status_code == 201, response.text
    return response.json()


def problems(client: Client, **values: Any) -> list[dict[str, Any]]:
    response = client("POST", "/api/v1/jobs", json=values)
    assert response.status_code == 422, response.text
    return response.json()["problems"]


@pytest.fixture(scope="module")
def image(client: Client) -> str:
    return sent(client, file_of(photo()))["id"]


def test_a_picture_is_called_by_its_hash_and_stays_what_it_is(client: Client):
    data = file_of(photo(), "WEBP", lossless=True)
    stored = sent(client, data)
    assert stored == {
        "id": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "width": 96,
        "height": 64,
        "media_type": "image/webp",
    }
    assert sent(client, data) == stored
    response = client("GET", f"/api/v1/images/{stored['id']}")
    assert response.content == data
    assert response.headers["content-type"] == "image/webp"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"/images/{stored['id']}/info") == stored


@pytest.mark.parametrize("id", [UNKNOWN, "sha256:..", "picture", "sha256:%2e%2e"])
def test_what_is_not_there(client: Client, id: str):
    for path in (id, f"{id}/info"):
        response = client("GET", f"/api/v1/images/{path}")
        assert response.status_code == 404
        assert response.json()["problems"][0]["code"] == "stored_picture_gone"


@pytest.mark.parametrize("name", ODD)
def test_pictures_of_every_kind_are_taken(client: Client, name: str):
    make, size = ODD[name]
    stored = sent(client, make())
    assert (stored["width"], stored["height"]) == size


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_refused_in_a_sentence(client: Client, name: str):
    make, code = BROKEN[name]
    response = client("POST", "/api/v1/images", content=make())
    assert response.status_code == 422
    [problem] = response.json()["problems"]
    assert problem["code"] == code
    assert problem["message"].endswith(".") and "{" not in problem["message"]


def test_a_huge_picture_takes_no_memory(client: Client):
    """20 000 x 20 000 pixels of 1 bit are 50 MB unpacked, as RGB 1.2 GB."""
    data = black(20_000, 20_000)
    tracemalloc.start()
    try:
        client("POST", "/api/v1/images", content=data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.parametrize("kind", ["img2img", "inpaint", "outpaint", "upscale"])
def test_a_picture_that_is_not_stored(client: Client, kind: str):
    more = {"right": 8} if kind == "outpaint" else {}
    [problem] = problems(client, kind=kind, image=UNKNOWN, **more)
    assert (problem["code"], problem["field"]) == ("stored_picture_gone", "image")
    for nonsense in ("", "x", "/etc/passwd", "http://127.0.0.1/x.png", 5, None, ["a"]):
        [problem] = problems(client, kind=kind, image=nonsense, **more)
        assert problem["field"] == "image"


def test_any_picture_of_a_request_may_be_missing(client: Client, image: str):
    [problem] = problems(client, kind="inpaint", image=image, mask=UNKNOWN)
    assert problem["field"] == "mask"
    [problem] = problems(client, prompt="{image:x}", references={"x": UNKNOWN})
    assert problem["field"] == "references.x"
    [problem] = problems(client, prompt="a", hires={"image": UNKNOWN})
    assert problem["field"] == "hires.image"


def test_a_result_is_a_beginning_too(client: Client):
    made = client.finished(client.submit("an apple", seed=5)["id"])["pictures"][0]
    job = client.submit("a pear", kind="img2img", image=f"picture:{made['id']}")
    stored = job["request"]["image"]
    assert stored.startswith("sha256:")
    data = client("GET", f"/api/v1/pictures/{made['id']}").content
    assert stored == f"sha256:{hashlib.sha256(data).hexdigest()}"
    gone = "picture:" + "0" * 32 + "-0"
    [problem] = problems(client, kind="img2img", image=gone)
    assert problem["field"] == "image"


@pytest.mark.parametrize("strength", [0, 1, 0.5])
def test_strengths_from_nothing_to_all(client: Client, image: str, strength: float):
    for kind in ("img2img", "inpaint"):
        job = client.submit("a", kind=kind, image=image, strength=strength)
        assert job["request"]["strength"] == strength


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("img2img", {"strength": 1.01}, "strength"),
        ("img2img", {"strength": -0.1}, "strength"),
        ("img2img", {"mask": UNKNOWN}, "mask"),
        ("img2img", {"scale": 9}, "scale"),
        ("img2img", {"resize_mode": "stretch"}, "resize_mode"),
        ("img2img", {"upscaler": "Magic"}, "upscaler"),
        ("img2img", {"loopback": {"loops": 1}}, "loopback.loops"),
        ("inpaint", {"mask_blur": 65}, "mask_blur"),
        ("inpaint", {"content": "cake"}, "content"),
        ("inpaint", {"intent": "improve"}, "intent"),
        ("inpaint", {"soft": {"schedule_bias": 9}}, "soft.schedule_bias"),
        ("outpaint", {"left": -1}, "left"),
        ("upscale", {"by": 9}, "by"),
        ("upscale", {"by": 0.5}, "by"),
        ("upscale", {"width": 20_000}, "width"),
        ("upscale", {"upscaler": "Magic"}, "upscaler"),
        ("upscale", {"upscaler": "Latent"}, "upscaler"),
        ("upscale", {"diffusion": {"tile": 63}}, "diffusion.tile"),
        ("upscale", {"prompt": "a"}, "prompt"),
    ],
)
def test_values_that_do_not_fit(
    client: Client, image: str, kind: str, values: dict[str, Any], field: str
):
    right = {"right": 8} if kind == "outpaint" else {}
    [problem] = problems(client, kind=kind, image=image, **right, **values)
    assert problem["field"] == field
    assert "{" not in problem["message"]


def test_an_outpainting_that_adds_nothing(client: Client, image: str):
    [problem] = problems(client, kind="outpaint", image=image)
    assert problem["code"] == "outpaint_nothing"


def test_a_result_that_would_be_too_large(client: Client, image: str):
    large = sent(client, black(8000, 8000))["id"]
    for values in (
        {"kind": "upscale", "by": 8},
        {"kind": "upscale", "width": 16_384, "height": 16_384},
        {"kind": "outpaint", "left": 2048, "right": 2048, "up": 2048},
    ):
        [problem] = problems(client, image=large, **values)
        assert problem["code"] == "result_too_large"
    line = sent(client, file_of(photo(4000, 1)))["id"]
    assert problems(client, kind="upscale", image=line, by=8)[0]["code"] == "result_too_large"


@pytest.mark.parametrize(
    ("size", "values", "result"),
    [
        ((1, 1), {}, (128, 128)),
        ((3000, 1), {}, (2048, 64)),
        ((97, 61), {"scale": 1}, (96, 64)),
        ((97, 61), {"width": 128}, (128, 80)),
        ((1, 1), {"scale": 4}, (64, 64)),
    ],
)
def test_sizes_that_follow_from_the_picture(
    client: Client, size: tuple[int, int], values: dict[str, Any], result: tuple[int, int]
):
    given = sent(client, file_of(photo(*size)))["id"]
    request = client.submit("a", kind="img2img", image=given, **values)["request"]
    assert (request["width"], request["height"]) == result


def test_an_intent_chooses_what_is_left_out(client: Client, image: str):
    values = {"kind": "inpaint", "image": image, "intent": "remove"}
    chosen = client.submit("", **values)["request"]
    assert (chosen["content"], chosen["strength"], chosen["mask_blur"]) == ("fill", 1.0, 8)
    own = client.submit("", **values, strength=0.5, mask_blur=0)["request"]
    assert (own["content"], own["strength"], own["mask_blur"]) == ("fill", 0.5, 0)
