"""The trash over the API."""

import pytest

from tests.checkpoints import write_weights
from tests.doors import Client
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.paths import Paths
from webui.jobs.services import Services

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def file(client: Client, paths: Paths):
    path = write_weights(paths.models / "loras" / "shelf" / "fox.safetensors", LORA)
    client.get("/models", params={"fresh": True})
    client("DELETE", "/api/v1/trash")  # what tests of other files deleted
    yield path
    path.unlink(missing_ok=True)
    client("DELETE", "/api/v1/trash")
    client.get("/models", params={"fresh": True})


def deleted(client: Client) -> str:
    response = client("DELETE", "/api/v1/models/lora/fox")
    assert response.status_code == 200, response.text
    return response.json()["id"]


def test_a_deleted_model_is_in_the_trash_and_comes_back(client: Client, file):
    id = deleted(client)
    assert not file.exists()
    trash = client.get("/trash")
    assert [(one["id"], one["name"]) for one in trash["models"]] == [(id, "shelf/fox")]
    assert trash["bytes"] == trash["models"][0]["bytes"] > 0
    response = client("POST", f"/api/v1/trash/{id}/restore")
    assert response.status_code == 200 and response.json()["id"] == id
    assert file.exists() and client.get("/models/lora/fox")["name"] == "shelf/fox"
    assert client("POST", f"/api/v1/trash/{id}/restore").status_code == 404
    assert client("DELETE", f"/api/v1/trash/{id}").status_code == 404


def test_it_is_emptied_one_by_one_or_whole(client: Client, file):
    id = deleted(client)
    assert client("DELETE", f"/api/v1/trash/{id}").status_code == 204
    assert client.get("/trash") == {"models": [], "bytes": 0}
    write_weights(file, LORA)
    client.get("/models", params={"fresh": True})
    deleted(client)
    assert client("DELETE", "/api/v1/trash").status_code == 204
    assert client.get("/trash")["models"] == [] and not file.exists()


def test_a_place_that_is_taken_is_told(client: Client, file):
    id = deleted(client)
    write_weights(file, LORA)
    response = client("POST", f"/api/v1/trash/{id}/restore")
    [problem] = response.json()["problems"]
    assert (response.status_code, problem["code"]) == (422, "trash_taken")
    assert "loras/shelf" in problem["message"]
    client("DELETE", f"/api/v1/trash/{id}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/disk"),
        ("GET", "/trash"),
        ("POST", "/trash/0/restore"),
        ("DELETE", "/trash/0"),
        ("DELETE", "/trash"),
    ],
)
def test_guests_cannot(services: Services, method: str, path: str):
    hosts = Hosts("127.0.0.1")
    hosts.add("abc.gradio.example")
    guests = Client(create(services, Access(hosts), page=False))
    response = guests(method, f"/api/v1{path}", headers={"host": "abc.gradio.example"})
    assert response.status_code == 403


def test_what_is_used_comes_first_and_the_disk_is_told(client: Client, file):
    write_weights(file.with_name("ape.safetensors"), LORA)
    client.get("/models", params={"fresh": True})
    client.finished(client.submit("a fox <lora:fox:1>")["id"])
    used = {"kind": "lora", "search": "shelf", "sort": "used"}
    told = client.get("/models", params=used)["entries"]
    assert [one["name"] for one in told] == ["shelf/fox", "shelf/ape"]
    at = client.get("/models/lora/fox")["last_used"]
    assert told[0]["last_used"] == at > 1e9 and told[1]["last_used"] is None
    report = client.get("/disk")
    assert {"lora", "checkpoint"} <= report["kinds"].keys() and report["whole"]
    assert at in [one["last_used"] for one in report["models"] if one["name"] == "shelf/fox"]
    file.with_name("ape.safetensors").unlink()
