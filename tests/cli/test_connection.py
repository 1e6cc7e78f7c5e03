import json
import socket
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.doors import KEY, Client
from webui.cli.connection import Connection, Gone, Refusal, find_server
from webui.core.events import JobState
from webui.core.paths import Paths
from webui.core.running import Running, fingerprint, read_running, write_running


@pytest.fixture
def connection(server: str) -> Iterator[Connection]:
    with Connection(Running(server, KEY)) as connection:
        yield connection


@pytest.fixture
def nobody() -> Iterator[Connection]:
    """To a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Connection(Running(address, KEY)) as connection:
        yield connection


def test_the_note_leads_to_the_server(server: str, paths: Paths):
    found = find_server(paths.server)
    assert found is not None and found.running.address == server
    found.close()


def test_the_note_is_for_the_user_alone(server: str, paths: Paths):
    if hasattr(socket, "AF_UNIX"):
        assert paths.server.stat().st_mode & 0o077 == 0
    assert KEY not in fingerprint(KEY)


def test_there_is_no_server_without_a_note(data_folder: Paths):
    assert find_server(data_folder.server) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"address": "x"}', '{"address": 1, "k": 2}'])
def test_a_broken_note_is_none(data_folder: Paths, text: str):
    data_folder.state.mkdir(parents=True)
    data_folder.server.write_text(text, encoding="utf-8")
    assert read_running(data_folder.server) is None


def test_a_note_that_outlived_its_server_leads_nowhere(data_folder: Paths, server: str):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", "http://127.0.0.1:1", "nonsense"):
        write_running(data_folder.server, Running(address, KEY))
        assert find_server(data_folder.server) is None


def test_another_server_in_its_place_is_not_taken_for_it(data_folder: Paths, server: str):
    write_running(data_folder.server, Running(server, "another key"))
    assert find_server(data_folder.server) is None


def test_the_shell_submits_waits_and_fetches(connection: Connection):
    after = connection.last_event()
    job = connection.submit({"prompt": "a red apple", "seed": "7"})
    kinds = []
    with closing(connection.events(after)) as events:
        for id, event in events:
            if getattr(event, "job", None) == job.id:
                kinds.append(event.kind)
                assert (id is None) == (event.kind == "progress")
            if event.kind == "finished":
                break
    assert [kind for kind in kinds if kind != "progress"] == [
        "queued",
        "started",
        "image_done",
        "finished",
    ]
    job = connection.job(job.id)
    assert job.state == JobState.FINISHED
    assert connection.picture(job.pictures[0].id)[:4] == b"\x89PNG"
    assert connection.jobs(1)[0].id == job.id


def test_the_shell_of_this_machine_sees_everybodys_jobs(connection: Connection, client: Client):
    cookie = {"cookie": "easel_client=" + "0" * 32}
    body = {"prompt": "the browser's"}
    job = client("POST", "/api/v1/jobs", json=body, headers=cookie).json()
    assert job["id"] in {one.id for one in connection.jobs(5)}
    client.finished(job["id"])


def test_what_the_server_refuses_comes_as_its_problems(connection: Connection):
    with pytest.raises(Refusal) as refusal:
        connection.submit({"prompt": "", "steps": "many"})
    assert {problem.field for problem in refusal.value.problems} == {"prompt", "steps"}
    with pytest.raises(Refusal) as refusal:
        connection.job("nothing")
    assert [problem.code for problem in refusal.value.problems] == ["unknown_job"]
    with pytest.raises(Refusal):
        list(connection.events(10**6))


def test_a_server_that_is_silent_is_gone(nobody: Connection):
    with pytest.raises(Gone) as gone:
        nobody.job("x")
    assert nobody.running.address in str(gone.value)
    assert gone.value.unheard
    assert list(nobody.events(0)) == []


def test_an_answer_that_the_end_of_the_server_cut_off(connection: Connection, monkeypatch):
    monkeypatch.setattr(connection._client, "request", lambda *_, **__: httpx.Response(503))
    with pytest.raises(Gone) as gone:
        connection.job("x")
    assert gone.value.unheard
    with pytest.raises(Gone) as gone:
        connection.submit({})
    assert not gone.value.unheard


def test_an_answer_that_is_none_of_ours(connection: Connection, monkeypatch):
    answers = iter(
        [httpx.Response(502, text="<html>"), httpx.Response(500, text='{"problems": 5}')]
    )
    monkeypatch.setattr(connection._client, "request", lambda *_, **__: next(answers))
    for status in (502, 500):
        with pytest.raises(Refusal) as refusal:
            connection.job("x")
        assert str(status) in str(refusal.value)


def test_no_proxy_is_asked(server: str, monkeypatch):
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with Connection(Running(server, KEY)) as connection:
            assert connection.last_event() >= 0


def test_the_note_is_json(server: str, paths: Paths):
    note = json.loads(paths.server.read_text(encoding="utf-8"))
    assert note == {"address": server, "key": KEY, "page": True}
