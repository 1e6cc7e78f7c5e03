"""Who may have models brought here, and what is never said about tokens."""

import json
from collections.abc import Generator
from typing import Any

import pytest

from tests.checkpoints import write_weights
from tests.doors import Client
from tests.library.peer import serving
from tests.library.test_downloads import LORA
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.paths import Paths
from webui.core.settings import HIDDEN, load_settings
from webui.jobs.services import Services

SECRET = "hf_very-secret"


def ask(client: Client, source: str, **more: Any) -> tuple[int, str | None]:
    values = {"kind": "download", "source": source, **more.pop("values", {})}
    response = client("POST", "/api/v1/jobs", json=values, **more)
    problems = response.json().get("problems")
    return response.status_code, problems[0]["code"] if problems else None


@pytest.fixture
def settings(client: Client) -> Generator[Any]:
    before = client.get("/settings")
    yield lambda **values: client("PATCH", "/api/v1/settings", json=values).json()
    client("PATCH", "/api/v1/settings", json={**before, "hub_token": "", "civitai_token": ""})


def test_an_environment_that_changes_later_opens_no_door(
    client: Client, paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    data = write_weights(tmp_path / "x", LORA).read_bytes()
    with serving() as peer:
        monkeypatch.setenv("HF_ENDPOINT", peer.base)
        url = peer.put("/some/old/nice.safetensors", data)
        job = client("POST", "/api/v1/jobs", json={"kind": "download", "source": url}).json()
        done = client.finished(job["id"])
    assert done["state"] == "failed", "only who starts the server says which sites are his"
    assert done["problem"]["code"] == "download_not_https"
    assert not list(paths.models.rglob("*nice*"))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"source": "nonsense"}, "download_unknown"),
        ({"source": f"https://example.com/?token={SECRET}"}, "download_secret"),
        ({"source": "a/b", "sha256": "5"}, "not_a_sha256"),
        ({"source": "a/b", "to": "elsewhere"}, "not_a_choice"),
        ({"source": "a/b", "file_name": "../x"}, "not_a_file_name"),
        ({"source": "x" * 3000}, "text_too_long"),
        ({"source": 5}, "not_a_text"),
        ({}, "missing"),
    ],
)
def test_what_does_not_fit_is_said_before_it_waits(
    client: Client, values: dict[str, Any], code: str
) -> None:
    response = client("POST", "/api/v1/jobs", json={"kind": "download", **values})
    assert (response.status_code, response.json()["problems"][0]["code"]) == (422, code)
    assert SECRET not in response.text
    assert SECRET not in json.dumps(client.get("/jobs"))


def test_switched_off(client: Client, settings: Any) -> None:
    settings(downloads="off")
    assert ask(client, "owner/name") == (422, "downloads_off")


def test_guests_of_a_shared_link_cannot(services: Services) -> None:
    hosts = Hosts("127.0.0.1")
    hosts.add("abc.gradio.example")
    guests = Client(create(services, Access(hosts), page=False))
    for host in ("abc.gradio.example", "ABC.gradio.example:443"):
        assert ask(guests, "owner/name", headers={"host": host}) == (403, "downloads_shared")
    assert ask(guests, "nonsense", headers={"host": "localhost:7860"})[1] == "download_unknown"
    drawn = guests(
        "POST", "/api/v1/jobs", json={"prompt": "x"}, headers={"host": "abc.gradio.example"}
    )
    assert drawn.status_code == 201


def test_tokens_are_kept_and_never_said(client: Client, paths: Paths, settings: Any) -> None:
    told = settings(hub_token=SECRET)
    assert (told["hub_token"], told["civitai_token"]) == (HIDDEN, "")
    assert SECRET not in json.dumps(client.get("/settings"))
    assert load_settings(paths.settings).hub_token.get_secret_value() == SECRET
    settings(**told)  # a form that sends back all that it was told
    assert load_settings(paths.settings).hub_token.get_secret_value() == SECRET
    assert SECRET not in repr(load_settings(paths.settings))
    refused = client("PATCH", "/api/v1/settings", json={"hub_token": [SECRET], "language": "xx"})
    assert refused.status_code == 422 and SECRET not in refused.text
    settings(hub_token="")
    assert load_settings(paths.settings).hub_token.get_secret_value() == ""
