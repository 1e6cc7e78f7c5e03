import re
from typing import Any

import pytest

from tests.doors import Client
from webui.api.access import Access, Hosts
from webui.api.build import build_api
from webui.jobs.services import Services


@pytest.fixture(scope="module")
def described(client: Client) -> dict[str, Any]:
    return client.get("/openapi.json")


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in described["paths"].items()
        for method, operation in item.items()
    ]


def test_every_route_of_the_documentation_is_there(described: dict[str, Any]):
    with open("docs/api.md", encoding="utf-8") as file:
        text = file.read()
    told = {(m.lower(), p.partition("?")[0]) for m, p in re.findall(r"`(GET|POST) (/[^`]*)`", text)}
    assert len(told) > 8
    known = {(method, path) for method, path, _ in operations(described)}
    assert {entry for entry in told if "…" not in entry[1]} <= known


def test_every_route_says_what_it_does_takes_and_answers(described: dict[str, Any]):
    found = operations(described)
    assert len(found) == 59
    names = [operation["operationId"] for _, _, operation in found]
    assert len(set(names)) == len(names)
    for method, path, operation in found:
        where = f"{method} {path}"
        assert len(operation["summary"]) > 10 and operation["tags"], where
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] == "path" or parameter["schema"], where
        assert ("requestBody" in operation) == (
            f"{method} {path}"
            in {
                *("post /animations/plan", "post /animations/motion"),
                *("post /jobs", "patch /settings", "post /infotext", "post /images", "post /media"),
                "post /estimate",
                "patch /models/{kind}/{id}",
                *("put /presets", "post /definitions", "post /definitions/import"),
                "put /definitions/{id}",
                *("post /suits", "post /named-models", "post /plots/plan"),
                *("post /extensions/{name}/actions/{id}", "post /extension-plans"),
            }
        ), where
        for status, answer in operation["responses"].items():
            assert answer["description"], where
            if status == "204":
                assert "content" not in answer, where
                continue
            [content] = answer["content"].values()
            if int(status) >= 400:
                assert content["schema"] == {"$ref": "#/components/schemas/Problems"}, where
            else:
                assert content["schema"] != {}, where
        assert {"401", "403", "421", "422", "500"} <= set(operation["responses"]), where
        if "{" in path:
            assert "404" in operation["responses"], where


def test_every_reference_leads_somewhere(described: dict[str, Any]):
    schemas = described["components"]["schemas"]
    references = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert references == set(schemas)
    assert {"Txt2Img", "Job", "Picture", "Settings", "Progress", "Problem"} <= references
    assert "HTTPValidationError" not in references
    events = described["paths"]["/events"]["get"]["responses"]["200"]["content"]
    kinds = events["text/event-stream"]["schema"]["discriminator"]["mapping"]
    assert {"queued", "image_done", "progress", "worker", "parked"} <= set(kinds)


def test_the_address_of_the_api_is_in_it(described: dict[str, Any]):
    assert described["servers"] == [{"url": "/api/v1"}]
    assert described["info"]["title"] == "Easel"


def test_a_request_needs_its_prompt_alone(described: dict[str, Any]):
    request = described["components"]["schemas"]["Txt2Img"]
    assert request["required"] == ["prompt"]
    assert request["properties"]["steps"]["anyOf"][0]["maximum"] == 150


def test_a_mistake_of_ours_shows_nothing_from_inside(services: Services, monkeypatch):
    client = Client(build_api(services, Access(Hosts("127.0.0.1"))))

    def broken(*_: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(services.jobs, "list", broken)
    response = client("GET", "/jobs")
    assert response.status_code == 500
    assert response.json()["problems"][0]["code"] == "internal"
    assert "secret" not in response.text and "Traceback" not in response.text
