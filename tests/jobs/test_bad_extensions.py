"""Extensions that misbehave: their name is said, and every other job goes on."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_plugins import SHOUT, extension
from tests.doors import WORKER, Client
from webui.api.access import Access, Hosts
from webui.app import create
from webui.cli.words import worded
from webui.core.blackbox import BlackBox
from webui.core.errors import Problem, UserError
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

    def start(server: str, seconds: float = 10.0, silence: float = 10.0) -> Client:
        extension(data.data / "extensions", "bad", server)
        store = SettingsStore(data.settings)
        extensions = Extensions(
            [data.data / "extensions", data.data / "more"],
            "server",
            data=data.data,
            isolation=Threads(seconds),
            quarantine=Quarantine(data.quarantine),
        )
        store.listen(lambda settings: extensions.switch(settings.disabled_extensions))
        catalog = Catalog.of(data)
        timing = Timing(back_off=(0,), silence=silence)
        jobs = Jobs(data, store.get, catalog, extensions, command=WORKER, timing=timing)
        jobs.start()
        opened.append(jobs)
        for registered in ("register_tabs", "register_panels"):  # as the page does
            extensions.registered(registered)
        extensions.panels()
        services = Services(data, store, catalog, extensions, jobs)
        client = Client(create(services, Access(Hosts("127.0.0.1")), page=False))
        client.extensions = extensions  # pyright: ignore[reportAttributeAccessIssue]
        return client

    yield start
    for jobs in opened:
        jobs.close()
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def in_both_languages(problem: dict[str, Any]) -> None:
    """One sentence a language, with the extension's name."""
    read = Problem.model_validate(problem)
    english, polish = worded(read, "en"), worded(read, "pl")
    assert english == read.message != polish
    assert "bad" in english and "bad" in polish
    assert english.count("\n") == polish.count("\n") == 0


def state(client: Client, name: str = "bad") -> dict:
    [info] = [one for one in client.get("/extensions")["extensions"] if one["name"] == name]
    return info


BAD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a field too many": ("", "manifest_strange", {"colour": "red"}),
    "a wrong value": ("", "manifest_field", {"permissions": ["magic"]}),
    "another name": ("", "manifest_name", {"name": "other"}),
    "a newer api": ("", "manifest_api", {"api": 99}),
    "no module": ("", "manifest_module", {"server": "nowhere"}),
    "no page": ("", "manifest_file", {"page": ["a.js"]}),
    "no such package": ("import no_such_package", "extension", {}),
    "torch beside the page": ("import torch", "extension_heavy", {}),
    "torch through another": ("from transformers import AutoModel", "extension_heavy", {}),
    "a misspelt hook": (
        SHOUT.replace("def rewrite_request", "def rewrite_requests"),
        *("hook_unknown_near", {}),
    ),
    "no hook at all": (SHOUT.replace("def rewrite_request", "def qwertz"), "hook_unknown", {}),
    "unknown arguments": (SHOUT.replace("request, options,", "wish,"), "hook_arguments", {}),
    "loops at once": ("while True: pass", "extension_slow", {}),
    "leaves at once": ("raise SystemExit(1)", "extension", {}),
    "raises where it registers": (
        SHOUT.replace("    return [Tab", "    1 / 0\n    return [Tab"),
        *("extension", {}),
    ),
    "no such script": (
        SHOUT.replace("options=Options)", "options=Options, script='a.js')"),
        *("panel_file", {}),
    ),
}


WRITTEN = {
    "no TOML": (b"name = [", "manifest"),
    "no version": (b'name = "bad"\napi = 1', "manifest_lacks"),
    "no text": (b"\xff", "manifest"),
}


def test_broken_ones_are_named_in_both_languages_and_jobs_go_on(
    open_client, data: Paths, monkeypatch: pytest.MonkeyPatch
):
    for heavy in ("torch", "transformers"):  # a server never has them; other tests here may
        monkeypatch.delitem(sys.modules, heavy, raising=False)
    folder = data.data / "extensions"
    for number, (server, _, manifest) in enumerate(BAD.values()):
        extension(folder, f"bad_{number}", server, **manifest)
    for number, (text, _) in enumerate(WRITTEN.values(), len(BAD)):
        (folder / f"bad_{number}").mkdir()
        (folder / f"bad_{number}" / "extension.toml").write_bytes(text)
    client = open_client(SHOUT)
    codes = {what: code for what, (_, code, _) in BAD.items()}
    codes |= {what: code for what, (_, code) in WRITTEN.items()}
    for number, (what, code) in enumerate(codes.items()):
        told = state(client, f"bad_{number}")
        assert (told["state"], told["problem"]["code"]) == ("broken", code), what
        in_both_languages(told["problem"])
    assert client.finished(client.submit("a cat")["id"])["request"]["prompt"] == "a cat!"


def test_two_of_one_name_are_both_left_out(open_client, data: Paths):
    extension(data.data / "more", "bad", "raise SystemExit('it ran')")
    client = open_client(SHOUT)
    told = state(client)
    assert (told["state"], told["problem"]["code"]) == ("broken", "extension_twice")
    in_both_languages(told["problem"])
    assert client.finished(client.submit("others")["id"])["request"]["prompt"] == "others"


@pytest.mark.parametrize(
    ("server", "code"), [(LOOPS, "extension_slow"), (RAISES, "extension")], ids=["loops", "raises"]
)
def test_three_failures_in_a_row_and_a_release(open_client, server: str, code: str):
    client = open_client(server, 2.0)
    bad = {"extensions": {"bad": {"times": 2}}}
    for _ in range(3):
        assert state(client)["state"] == "enabled"
        job = client.finished(client.submit("a cat", **bad)["id"])
        assert (job["state"], job["problem"]["code"]) == ("failed", code)
        in_both_languages(job["problem"])
        assert client.finished(client.submit("others")["id"])["state"] == "finished"
    told = state(client)
    assert told["state"] == "quarantined" and told["problem"]["code"] == code
    in_both_languages(told["problem"])
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
    in_both_languages(job["problem"])
    assert "after" in job["problem"]["message"]
    assert state(client)["state"] == "quarantined"
    assert client.finished(client.submit("others")["id"])["state"] == "finished"


def test_one_that_holds_the_worker_up_where_no_hook_is_called_is_named(open_client, data: Paths):
    client = open_client(SHOUT, silence=1.0)
    data.worker_trace.write_text(
        "Thread 0x01 (most recent call first):\n"
        f'  File "{data.data / "extensions" / "bad" / "worker.py"}", line 2 in forward\n',
        encoding="utf-8",
    )
    job = client.finished(client.submit("it hangs")["id"])
    assert job["state"] == "parked"
    in_both_languages(job["problem"])
    assert "forward" in job["problem"]["message"]
    assert state(client)["state"] == "quarantined"


def test_one_that_does_not_load_beside_the_model_is_named_where_it_is_asked_for(open_client):
    client = open_client(SHOUT)
    problem = UserError("hook_unknown_near", name="bad", hook="participat", near="participate")
    client.extensions.learn({"bad": problem.problem})
    told = state(client)
    assert (told["state"], told["problem"]["code"]) == ("broken", "hook_unknown_near")
    asked = {"prompt": "x", "extensions": {"bad": {"times": 1}}}
    answer = client("POST", "/api/v1/jobs", json=asked)
    assert [one["code"] for one in answer.json()["problems"]] == ["hook_unknown_near"]
    in_both_languages(answer.json()["problems"][0])
    assert client.finished(client.submit("others")["id"])["request"]["prompt"] == "others"
    client.extensions.learn({})
    assert state(client)["state"] == "enabled"


def test_safe_mode_loads_none(data: Paths):
    extension(data.data / "extensions", "bad", "raise SystemExit('loaded')")
    extensions = Extensions([data.data / "extensions"], "server", safe=True)
    (info,) = extensions.infos()
    assert info.state == "disabled" and "--safe" in str(info.problem)
    assert extensions.off() == {"bad"}
    extensions.switch([])
    assert extensions.registered("register_tabs") == []
