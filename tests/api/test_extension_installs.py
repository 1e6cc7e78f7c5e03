"""Installing through the door; and who may not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_plugins import SHOUT, extension
from tests.doors import Client, open_fake_services
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.paths import Paths

GUEST = {"host": "guest.example"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    services = open_fake_services(Paths.choose(tmp_path_factory.mktemp("data")))
    hosts = Hosts("127.0.0.1")
    hosts.add("guest.example")
    yield Client(create(services, Access(hosts), page=False))
    services.jobs.close()


def test_a_plan_then_consent_then_back(client: Client, tmp_path: Path):
    extension(tmp_path, "shout", SHOUT)
    asked = {"source": str(tmp_path / "shout")}
    plan = client("POST", "/api/v1/extension-plans", json=asked)
    assert plan.status_code == 201 and plan.json()["manifest"]["name"] == "shout"
    id = plan.json()["id"]
    assert client("POST", f"/api/v1/extension-plans/{id}/install").json()["version"] == "1.0"
    assert client("POST", "/api/v1/extensions/shout/update").json()["changed"] == []
    assert client("POST", "/api/v1/extensions/shout/remove").json()["packages"] == []
    assert client("POST", "/api/v1/extensions/shout/restore").json()["version"] == "1.0"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("extension-plans", {"source": "/tmp"}),
        ("extension-plans/x/install", None),
        ("extensions/wildcards/update", None),
        ("extensions/wildcards/remove", None),
        ("extensions/wildcards/restore", None),
    ],
)
def test_guests_install_nothing(client: Client, path: str, body: object):
    answer = client("POST", f"/api/v1/{path}", headers=GUEST, json=body)
    assert answer.status_code == 403
    assert answer.json()["problems"][0]["code"] == "installs_shared"


def test_what_is_not_there_is_told(client: Client):
    assert client("POST", "/api/v1/extensions/nothing/remove").status_code == 404
    assert client("POST", "/api/v1/extension-plans/nothing/install").status_code == 404
    answer = client("POST", "/api/v1/extension-plans", json={"source": "/nowhere/at/all"})
    assert answer.json()["problems"][0]["code"] == "extension_source"
