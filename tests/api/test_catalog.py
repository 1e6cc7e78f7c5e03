import io
import json

import pytest
from PIL import Image

from tests.checkpoints import write_weights
from tests.doors import Client
from webui.core.paths import Paths

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture(scope="module")
def dog(client: Client, paths: Paths) -> str:
    """The id of a LoRA with a picture."""
    folder = paths.models / "loras"
    write_weights(folder / "sub" / "Dog.safetensors", LORA, metadata={"ss_output_name": "sks"})
    write_weights(folder / "cat.safetensors", LORA)
    write_weights(folder / "broken.safetensors", LORA).write_bytes(b"x")
    Image.new("RGB", (600, 300), "red").save(folder / "sub" / "Dog.png")
    (folder / "cat.png").write_bytes(b"no picture")
    [entry] = client.get("/models", params={"search": "dog"})["entries"]
    return entry["id"]


def problem(client: Client, method: str, path: str, status: int, **options) -> dict:
    response = client(method, f"/api/v1{path}", **options)
    assert response.status_code == status, response.text
    return response.json()["problems"][0]


def test_pages_of_models(client: Client, dog: str):
    page = client.get("/models", params={"kind": "lora", "limit": 2, "sort": "name"})
    assert (page["total"], page["whole"], page["problems"]) == (3, True, [])
    assert [entry["name"] for entry in page["entries"]] == ["broken", "cat"]
    assert page["kinds"]["lora"] == 3 and page["kinds"]["checkpoint"] == 1
    page = client.get("/models", params={"kind": "lora", "family": "sd1", "offset": 1})
    assert [entry["name"] for entry in page["entries"]] == ["sub/Dog"]
    broken = client.get("/models", params={"search": "broken"})["entries"][0]
    assert broken["problem"]["code"] == "model_cut_off"
    assert "broken.safetensors" in broken["problem"]["message"]


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "limit=-1", "limit=1001", "offset=-1", "sort=random", "search=" + "x" * 501],
)
def test_questions_that_make_no_sense(client: Client, query: str):
    assert problem(client, "GET", f"/models?{query}", 422)["field"] == query.partition("=")[0]


def test_one_model_by_any_name(client: Client, dog: str):
    entry = client.get(f"/models/lora/{dog}")
    assert (entry["name"], entry["family"], entry["algorithm"]) == ("sub/Dog", "sd1", "lora")
    for name in ("dog", "DOG.safetensors", "sks"):
        assert client.get(f"/models/lora/{name}") == entry
    demo = client.get("/models/checkpoint/easel-demo")
    assert demo["path"] == client.get("/offers")["models"][0]["path"]


@pytest.mark.parametrize("path", ["lora/nothing", "vae/dog", "nonsense/dog", "lora/..%2fcat"])
@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("GET", "/preview"), ("POST", "/hash"), ("PATCH", "")]
)
def test_what_does_not_exist(client: Client, dog: str, path: str, method: str, rest: str):
    more = {"json": {"notes": "x"}} if method == "PATCH" else {}
    assert client(method, f"/api/v1/models/{path}{rest}", **more).status_code in (404, 405)


def test_hashes_when_they_are_asked_for(client: Client, dog: str):
    assert client.get(f"/models/lora/{dog}")["hash"] is None
    response = client("POST", f"/api/v1/models/lora/{dog}/hash")
    assert response.status_code == 200 and len(response.json()["hash"]) == 10
    entry = client.get(f"/models/lora/{dog}")
    assert entry == response.json() and len(entry["autov3"]) == 12
    assert client.get(f"/models/lora/{entry['autov3']}") == entry


def test_notes(client: Client, dog: str, paths: Paths):
    response = client("PATCH", f"/api/v1/models/lora/{dog}", json={"notes": "żółw\n2"})
    assert response.status_code == 200 and response.json()["notes"] == "żółw\n2"
    card = paths.models / "loras" / "sub" / "Dog.easel.json"
    assert json.loads(card.read_bytes()) == {"notes": "żółw\n2"}
    assert client.get("/models", params={"search": "ŻÓŁW"})["total"] == 1
    marked = "best with <lora:cat:0.5> & <b>"
    response = client("PATCH", f"/api/v1/models/lora/{dog}", json={"notes": marked})
    assert response.json()["notes"] == marked


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "missing"),
        ({"notes": 7}, "not_a_text"),
        ({"notes": "x" * 10_001}, "text_too_long"),
        ({"notes": "x", "path": "/etc"}, "unknown_field"),
    ],
)
def test_notes_that_do_not_fit(client: Client, dog: str, values: dict, code: str):
    told = problem(client, "PATCH", f"/models/lora/{dog}", 422, json=values)
    assert told["code"] == code
    assert problem(client, "PATCH", f"/models/lora/{dog}", 400, content=b"{",
                   headers={"content-type": "application/json"})["code"] == "not_json"  # fmt: skip


def test_the_picture_beside(client: Client, dog: str, paths: Paths):
    mark = client.get(f"/models/lora/{dog}")["preview"]
    path = f"/api/v1/models/lora/{dog}/preview"
    answer = client("GET", path, params={"size": 100, "mark": mark})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in answer.headers["cache-control"]
    assert Image.open(io.BytesIO(answer.content)).size == (100, 50)
    assert client("GET", path, params={"size": 100}).headers["cache-control"].endswith("no-cache")
    picture = paths.models / "loras" / "sub" / "Dog.png"
    Image.new("RGB", (300, 600), "blue").save(picture)
    again = client("GET", path, params={"size": 100, "mark": mark})
    assert Image.open(io.BytesIO(again.content)).size == (50, 100)
    assert "no-cache" in again.headers["cache-control"]


def test_no_picture_or_a_broken_one(client: Client, dog: str):
    assert problem(client, "GET", "/models/lora/broken/preview", 404)["code"] == "no_preview"
    assert client("GET", "/api/v1/models/lora/cat/preview").status_code == 422
    assert problem(client, "GET", f"/models/lora/{dog}/preview?size=9", 422)["field"] == "size"


def test_where_new_files_belong(client: Client, dog: str, paths: Paths):
    folders = client.get("/models", params={"limit": 0})["folders"]
    assert folders["lora"] == str(paths.models / "loras")
    assert folders["checkpoint"] == str(paths.models / "checkpoints")


def test_a_model_is_deleted(client: Client, dog: str, paths: Paths):
    file = write_weights(paths.models / "loras" / "old.safetensors", LORA)
    file.with_suffix(".png").write_bytes(b"")
    entry = client.get("/models", params={"search": "old", "fresh": True})["entries"][0]
    path = f"/api/v1/models/lora/{entry['id']}"
    assert client("DELETE", path).json()["files"] == ["old.safetensors", "old.png"]
    assert not file.exists() and not file.with_suffix(".png").exists()
    assert client("DELETE", path).status_code == 404
    assert problem(client, "DELETE", "/models/checkpoint/easel-demo", 422)["code"] == (
        "model_shipped"
    )


def test_a_model_that_a_job_needs_stays(client: Client, dog: str, paths: Paths):
    job = client.submit("slow <lora:cat:1>")
    told = problem(client, "DELETE", "/models/lora/cat", 409)
    assert told["code"] == "model_in_use" and "cat" in told["message"]
    assert (paths.models / "loras" / "cat.safetensors").exists()
    client("POST", f"/api/v1/jobs/{job['id']}/cancel")
    client.finished(job["id"])
