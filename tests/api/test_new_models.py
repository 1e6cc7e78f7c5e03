"""Requests that write models, through the API."""

import pytest

from tests.checkpoints import write_file
from tests.doors import Client
from webui.api.access import Access, Hosts
from webui.app import create
from webui.jobs.services import Services

SHARED = "abc.gradio.example"
KINDS = [{"kind": "merge", "model_a": "x", "model_b": "y"}, {"kind": "convert", "model": "x"}]


@pytest.mark.parametrize("values", KINDS)
def test_guests_of_a_shared_link_cannot(services: Services, values: dict[str, str]) -> None:
    hosts = Hosts("127.0.0.1")
    hosts.add(SHARED)
    guests = Client(create(services, Access(hosts), page=False))
    response = guests("POST", "/api/v1/jobs", json=values, headers={"host": SHARED})
    assert response.status_code == 403
    assert response.json()["problems"][0]["code"] == "merges_shared"


def test_others_may_and_mistakes_are_told_by_their_fields(client: Client) -> None:
    response = client("POST", "/api/v1/jobs", json=KINDS[0])
    problems = response.json()["problems"]
    assert response.status_code == 422
    assert {one["field"] for one in problems} == {"model_a", "model_b"}


def test_a_request_waits_as_it_was_understood(services: Services, client: Client) -> None:
    folder = services.paths.models / "checkpoints"
    for name in ("api one", "api two"):
        write_file(folder / f"{name}.safetensors")
    values = {"kind": "merge", "model_a": "API one", "model_b": "api two.safetensors"}
    response = client("POST", "/api/v1/jobs", json=values)
    assert response.status_code == 201, response.text
    request = response.json()["request"]
    assert (request["model_a"], request["model_b"]) == ("api one", "api two")
    client.finished(response.json()["id"])
    for path in folder.glob("*.safetensors"):  # tests of other files count what there is
        path.unlink()
