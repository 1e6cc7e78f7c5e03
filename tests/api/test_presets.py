"""Well-known models, models defined in files, and what suits a model, over the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.checkpoints import write_weights
from tests.doors import Client
from tests.library.test_downloads import LORA
from webui.core.download import Download
from webui.core.paths import Paths
from webui.jobs.services import Services


def test_the_well_known_are_listed_and_found(client: Client) -> None:
    models = client.get("/known-models?search=lightning&kind=lora")["models"]
    assert [one["name"] for one in models] == ["lightning-4-lora", "lightning-8-lora"]
    assert models[0]["here"] is None and models[0]["licence"]
    assert client("GET", "/api/v1/known-models?kind=nothing").status_code == 422


def test_one_that_is_there_says_so(client: Client, paths: Paths) -> None:
    file = write_weights(paths.models / "loras" / "sdxl_lightning_8step_lora.safetensors", LORA)
    client.get("/models?fresh=true")
    try:
        models = client.get("/known-models?search=lightning-8")["models"]
        found = client.get(f"/models/lora/{models[0]['here']}")
        assert found["path"] == str(file)
    finally:
        file.unlink()
        client.get("/models?fresh=true")


def test_a_download_takes_a_name_of_the_list(services: Services) -> None:
    request = services.jobs._accept({"kind": "download", "source": "sdxl-vae-fp16-fix"})  # pyright: ignore
    assert isinstance(request, Download)
    assert request.source == "madebyollin/sdxl-vae-fp16-fix/sdxl_vae.safetensors"
    assert (request.to, request.file_name) == ("vae", "sdxl-vae-fp16-fix")


def test_an_unknown_name_is_still_none(client: Client) -> None:
    answer = client("POST", "/api/v1/jobs", json={"kind": "download", "source": "sdxl-nothing"})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "download_unknown")


QUICK: dict[str, Any] = {
    "name": "Demo, quick",
    "base": "easel-demo",
    "loras": [{"name": "sdxl_lightning_4step_lora", "weight": 0.8}],
    "defaults": {"steps": 4, "sampler": "Euler"},
}


@pytest.fixture
def defined(client: Client) -> Iterator[dict[str, Any]]:
    answer = client("POST", "/api/v1/definitions", json=QUICK)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    yield made
    client("DELETE", f"/api/v1/models/checkpoint/{made['entry']['id']}")


def test_a_definition_says_what_it_lacks_and_where_it_is(
    client: Client, defined: dict[str, Any]
) -> None:
    assert defined["entry"]["problem"]["code"] == "definition_missing"
    (missing,) = defined["missing"]
    assert (missing["kind"], missing["source"]) == (
        "lora",
        "ByteDance/SDXL-Lightning/sdxl_lightning_4step_lora.safetensors",
    )
    refused = client("POST", "/api/v1/jobs", json={"prompt": "x", "model": "Demo, quick"})
    assert refused.json()["problems"][0]["code"] == "definition_missing"


def test_one_that_is_whole_is_offered_and_drawn_with(
    client: Client, defined: dict[str, Any]
) -> None:
    id = defined["entry"]["id"]
    answer = client("PUT", f"/api/v1/definitions/{id}", json={**QUICK, "loras": []})
    assert answer.status_code == 200 and answer.json()["missing"] == []
    offered = {one["id"]: one for one in client.get("/offers")["models"]}
    assert offered["Demo, quick"]["card"]["steps"] == 4
    job = client.submit(model="Demo, quick")
    assert (job["request"]["steps"], job["request"]["model"]) == (4, "Demo, quick")
    client.finished(job["id"])


def test_a_file_goes_out_and_comes_in(client: Client, defined: dict[str, Any]) -> None:
    file = client("GET", f"/api/v1/definitions/{defined['entry']['id']}/file")
    assert "Demo%2C%20quick.easel.toml" in file.headers["content-disposition"]
    answer = client("POST", "/api/v1/definitions/import", json={"text": file.text})
    assert answer.status_code == 201
    again = answer.json()
    assert again["definition"] == defined["definition"]
    assert again["entry"]["id"] != defined["entry"]["id"]
    client("DELETE", f"/api/v1/models/checkpoint/{again['entry']['id']}")


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"base": " "}, "base", "empty_name"),
        ({"name": ""}, "name", "empty_name"),
        ({"loras": [{"name": "a<b"}]}, "loras.0.name", "lora_marks"),
        ({"defaults": {"steps": 0}}, "defaults.steps", "too_small"),
        ({"wxyz": 1}, "wxyz", "unknown_field"),
        ({"download": {"source": "x", "sha256": "5"}}, "download.sha256", "not_a_sha256"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    client: Client, values: dict[str, Any], field: str, code: str
) -> None:
    answer = client("POST", "/api/v1/definitions", json={**QUICK, **values})
    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["field"], problem["code"]) == (422, field, code)


def test_a_broken_file_is_refused(client: Client) -> None:
    answer = client("POST", "/api/v1/definitions/import", json={"text": "name = "})
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "definition_broken")
    assert client("GET", "/api/v1/definitions/none").status_code == 404


def test_the_users_settings_suit_a_model_from_then_on(client: Client) -> None:
    demo = {"model": "easel-demo"}  # other tests may have brought another default
    before = client.submit(**demo)["request"]["steps"]
    own = {"kind": "model", "name": "easel-demo", "values": {"steps": before + 3, "vae": "None"}}
    assert client("PUT", "/api/v1/presets", json=own).status_code == 200
    try:
        assert [one["name"] for one in client.get("/presets")["presets"]] == ["easel-demo"]
        asked = client.submit(**demo)["request"]
        assert (asked["steps"], asked["vae"]) == (before + 3, "None")
        assert client.submit(**demo, steps=2)["request"]["steps"] == 2
    finally:
        gone = client("DELETE", "/api/v1/presets?kind=model&name=easel-demo")
    assert gone.status_code == 204
    assert client.submit(**demo)["request"]["steps"] == before
    again = client("DELETE", "/api/v1/presets?kind=model&name=easel-demo")
    assert (again.status_code, again.json()["problems"][0]["code"]) == (404, "unknown_preset")


def test_settings_that_no_request_takes_are_refused(client: Client) -> None:
    own = {"kind": "model", "name": "x", "values": {"steps": 0}}
    answer = client("PUT", "/api/v1/presets", json=own)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "values.steps")


def test_a_client_may_ask_what_a_model_makes_of_its_values(client: Client) -> None:
    said = client("POST", "/api/v1/suits", json={"model": "easel-demo", "steps": 1, "shift": 3})
    assert said.status_code == 200
    assert "shift" in said.json()["unused"]
    assert {one["field"] for one in said.json()["hints"]} == {"steps", "shift"}
    none = client("POST", "/api/v1/suits", json={"model": "no such model"})
    assert none.json()["problems"][0]["code"] == "unknown_model"


def test_what_prompts_name(client: Client):
    asked = {"prompt": "a <lora:nowhere:1>"}
    response = client("POST", "/api/v1/named-models", json=asked)
    [one] = response.json()["models"]
    assert (one["field"], one["kind"], one["name"], one["id"]) == (
        "prompt",
        "lora",
        "nowhere",
        None,
    )
    response = client("POST", "/api/v1/named-models", json={"prompt": 5, "words": ""})
    problems = response.json()["problems"]
    assert response.status_code == 422 and [one["field"] for one in problems] == ["prompt", "words"]
