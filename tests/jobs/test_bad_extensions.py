"""Extensions that misbehave: their name is said, and every other job goes on."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_plugins import SHOUT, extension
from tests.doors import WORKER, Client
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.blackbox import BlackBox
from webui.core.isolation import Threads
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.quarantine import Quarantine
from webui.jobs.queue import Jobs
from webui.jobs.services import Services, SettingsStore
from webui.jobs.supervisor import Timing
from webui.library.catalog import Catalog

LOOPS = SHOUT.replace(
    "    return request.with_", "    while options.times == 2: pass\n    return request.with_"
)
RAISES = SHOUT.replace(
    "    return request.with_", "    1 / (options.times - 2)\n    return request.with_"
)
FLOODS = SHOUT.replace(
    "    return request.with_", "    print('x' * 10**6)\n    return request.with_"
)


@pytest.fixture
def data(tmp_path: Path) -> Paths:
    return Paths.choose(tmp_path)


@pytest.fixture
def open_client(data: Paths) -> Iterator:
    opened = []

    def start(server: str) -> Client:
        extension(data.data / "extensions", "bad", server)
        store = SettingsStore(data.settings)
        extensions = Extensions(
            [data.data / "extensions"],
            "server",
            data=data.data,
            isolation=Threads(1.0),
            quarantine=Quarantine(data.quarantine),
        )
        store.listen(lambda settings: extensions.switch(settings.disabled_extensions))
        catalog = Catalog.of(data)
        timing = Timing(back_off=(0,))
        jobs = Jobs(data, store.get, catalog, extensions, command=WORKER, timing=timing)
        jobs.start()
        opened.append(jobs)
        services = Services(data, store, catalog, extensions, jobs)
        return Client(create(services, Access(Hosts("127.0.0.1")), page=False))

    yield start
    for jobs in opened:
        jobs.close()
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def state(client: Client) -> dict:
    [info] = [one for one in client.get("/extensions")["extensions"] if one["name"] == "bad"]
    return info


@pytest.mark.parametrize(
    ("server", "code"), [(LOOPS, "extension_slow"), (RAISES, "extension")], ids=["loops", "raises"]
)
def test_three_failures_in_a_row_and_a_release(open_client, server: str, code: str):
    client = open_client(server)
    bad = {"extensions": {"bad": {"times": 2}}}
    for _ in range(3):
        assert state(client)["state"] == "enabled"
        job = client.finished(client.submit("a cat", **bad)["id"])
        assert (job["state"], job["problem"]["code"]) == ("failed", code)
        assert "bad" in job["problem"]["message"]
        assert client.finished(client.submit("others")["id"])["state"] == "finished"
    told = state(client)
    assert told["state"] == "quarantined" and "bad" in told["problem"]
    assert client.finished(client.submit("a cat")["id"])["request"]["prompt"] == "a cat"
    answer = client("POST", "/api/v1/extensions/bad/release").json()
    assert (answer["state"], answer["problem"]) == ("enabled", None)
    assert client.finished(client.submit("a cat")["id"])["request"]["prompt"] == "a cat!"


def test_a_flood_of_output_is_cut_off(open_client, capsys):
    client = open_client(FLOODS)
    assert client.finished(client.submit("a cat")["id"])["state"] == "finished"
    said = capsys.readouterr().out
    assert "bad prints too much" in said and len(said) < 100_000


def test_one_that_takes_the_worker_down_is_named_and_left_out(open_client, data: Paths):
    client = open_client(SHOUT)
    BlackBox(data.worker_call).note(("bad", "after"))
    job = client.finished(client.submit("it dies")["id"])
    assert job["state"] == "parked"
    assert "bad" in job["problem"]["message"] and "after" in job["problem"]["message"]
    assert state(client)["state"] == "quarantined"
    assert client.finished(client.submit("others")["id"])["state"] == "finished"


def test_safe_mode_loads_none(data: Paths):
    extension(data.data / "extensions", "bad", "raise SystemExit('loaded')")
    extensions = Extensions([data.data / "extensions"], "server", safe=True)
    (info,) = extensions.infos()
    assert info.state == "disabled" and "--safe" in str(info.problem)
    assert extensions.off() == {"bad"}
    extensions.switch([])
    assert extensions.registered("register_tabs") == []
