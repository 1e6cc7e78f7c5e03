"""Guests of a shared link see which models there are, and neither where nor how to change them."""

import json

import pytest
from PIL import Image

from tests.checkpoints import write_weights
from tests.doors import Client
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.paths import Paths
from webui.jobs.services import Services
from webui.library.pictures import encode

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}
HOST = {"host": "abc.gradio.example"}
CHANGES = (
    ("PATCH", "/models/lora/dog", {"notes": "x"}),
    ("DELETE", "/models/lora/dog", None),
    ("POST", "/models/lora/dog/hash", None),
    ("PUT", "/presets", {"kind": "lora", "name": "dog", "values": {"steps": 4}}),
    ("DELETE", "/presets?kind=lora&name=dog", None),
    ("POST", "/definitions", {"name": "mine", "base": "easel-demo"}),
    ("POST", "/definitions/import", {"text": 'name = "mine"\nbase = "easel-demo"'}),
    ("PUT", "/definitions/0", {"name": "mine", "base": "easel-demo"}),
    ("POST", "/jobs", {"kind": "hash"}),
)


@pytest.fixture
def guests(services: Services, paths: Paths) -> Client:
    write_weights(paths.models / "loras" / "dog.safetensors", LORA)
    services.catalog.expire()
    hosts = Hosts("127.0.0.1")
    hosts.add(HOST["host"])
    return Client(create(services, Access(hosts), page=False))


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_they_change_nothing(guests: Client, method: str, path: str, body: object) -> None:
    more = {"json": body} if body is not None else {}
    response = guests(method, f"/api/v1{path}", headers=HOST, **more)
    assert response.status_code == 403, response.text
    assert [one["code"] for one in response.json()["problems"]] == ["models_shared"]


def test_they_see_no_paths(guests: Client, paths: Paths) -> None:
    for path in ("/models", "/models/lora/dog", "/offers"):
        response = guests("GET", f"/api/v1{path}", headers=HOST)
        assert response.status_code == 200
        assert str(paths.data) not in response.text, path
        assert json.loads(response.text)
        own = guests("GET", f"/api/v1{path}", headers={"host": "localhost"})
        assert str(paths.data) in own.text or path == "/offers"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/settings", {"live_preview": False}),
        ("POST", "/extensions/wildcards/disable", None),
        ("POST", "/extensions/wildcards/enable", None),
        ("POST", "/extensions/wildcards/release", None),
    ],
)
def test_they_change_no_settings(
    guests: Client, services: Services, method: str, path: str, body: object
) -> None:
    before = services.settings
    response = guests(method, f"/api/v1{path}", headers=HOST, json=body)
    assert response.status_code == 403, response.text
    assert [one["code"] for one in response.json()["problems"]] == ["settings_shared"]
    assert services.settings == before


def test_they_do_not_see_the_folders_of_models(guests: Client, services: Services) -> None:
    services.store.update(model_folders=("/mnt/secret",))
    try:
        seen = guests("GET", "/api/v1/settings", headers=HOST)
        assert seen.status_code == 200 and seen.json()["model_folders"] == []
        own = guests("GET", "/api/v1/settings", headers={"host": "localhost"})
        assert own.json()["model_folders"] == ["/mnt/secret"]
    finally:
        services.store.update(model_folders=())


def test_they_end_only_their_own_jobs(guests: Client, services: Services) -> None:
    other = services.jobs.submit({"prompt": "x"}, "a" * 32)
    for what in ("cancel", "skip"):
        response = guests("POST", f"/api/v1/jobs/{other.id}/{what}", headers=HOST)
        assert response.status_code == 404, response.text
        assert response.json()["problems"][0]["code"] == "unknown_job"
    own = guests("POST", "/api/v1/jobs", headers=HOST, json={"prompt": "y"}).json()
    assert guests("POST", f"/api/v1/jobs/{own['id']}/cancel", headers=HOST).status_code == 200
    host = guests("POST", f"/api/v1/jobs/{other.id}/cancel", headers={"host": "localhost"})
    assert host.status_code == 200


def test_they_are_told_of_extensions_in_their_own_jobs_alone(
    guests: Client, services: Services
) -> None:
    asked = {"prompt": "x", "extensions": {"freeu": {"enabled": True}}}
    own = guests("POST", "/api/v1/jobs", headers=HOST, json=asked).json()["id"]
    other = services.jobs.submit(asked, "a" * 32).id
    file = encode(Image.new("RGB", (8, 8)), "png", 90, "")

    def told(job: str, headers: dict[str, str]) -> bool:
        (picture,) = guests.finished(job)["pictures"]
        path = f"/api/v1/infotext?picture={picture['id']}"
        return "extensions" in guests("POST", path, headers=headers, content=file).json()["fields"]

    assert told(own, HOST) and not told(other, HOST)
    assert told(other, {"host": "localhost"})
