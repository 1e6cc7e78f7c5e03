"""The server as a whole: as it is started, asked from everywhere, and ended."""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from starlette.routing import Mount, Route

from tests.doors import WORKER, Client, open_fake_services
from tests.jobs.setting import is_gone, until
from webui import app as module
from webui.api.access import Access, Hosts
from webui.app import choose_password, create, has_display, open_tunnel, other_page
from webui.cli.connection import Connection
from webui.cli.parser import read_arguments
from webui.core.events import FINAL
from webui.core.finding import SAFE, safe_mode
from webui.core.paths import Paths
from webui.core.running import read_running

HEAVY = {"torch", "diffusers", "transformers", "accelerate", "torchsde"}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("EASEL_")},
    "LC_ALL": "C.UTF-8",
}


@contextmanager
def started(data: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.serve_fake", "--data-dir", str(data), *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**ENVIRONMENT, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def serving(data: Path, *arguments: str, **environment: str) -> Any:
    return started(data, "--no-browser", "--port", "0", *arguments, **environment)


def said(process: subprocess.Popen[str], start: str) -> str:
    """What follows in the first line that starts so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start):
            return line.removeprefix(start).strip()
    assert process.stderr is not None
    raise AssertionError(process.stderr.read())


def get(url: str, **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.get(url, **options)


def test_from_the_first_word_to_a_quiet_end(tmp_path: Path):
    """One start for all that a start shows, as it takes seconds."""
    loaded = tmp_path / "modules"
    data = tmp_path / "data"
    with serving(data, LOADED=str(loaded)) as process:
        address = said(process, "Easel is at ")
        page = get(address)
        assert page.status_code == 200 and "<gradio-app" in page.text
        assert "easel_client=" in page.headers["set-cookie"]
        assert "default-src 'self'" in page.headers["content-security-policy"]
        running = read_running(Paths.choose(data).server)
        assert running is not None and running.address == address
        with started(data, "--no-browser") as second:
            assert said(second, "Easel already runs on this data folder, at ") == address
            assert second.wait(60) == 0
        note = data / "state" / "worker.json"
        until(note.exists)
        worker = json.loads(note.read_text(encoding="utf-8"))["pid"]
        assert psutil.pid_exists(worker)
        assert_raw_paths_are_refused(address)
        with httpx.Client(trust_env=False) as client:
            with client.stream("GET", f"{address}/api/v1/events", timeout=60) as events:
                assert next(events.iter_lines()) == ": here"
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")
    assert not Paths.choose(data).server.exists()
    until(lambda: is_gone(worker))
    names = set(loaded.read_text(encoding="utf-8").split())
    assert "gradio" in names and "webui.ui.shell" in names
    assert not names & HEAVY


def assert_raw_paths_are_refused(address: str) -> None:
    """Paths that no client library would send as they are."""
    host, port = address.removeprefix("http://").split(":")
    for path in (
        "/static/../../webui/app.py",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/own/%2e%2e/shell.py",
        "/static/..\\..\\pyproject.toml",
        "//etc/passwd",
        "/api/v1/pictures/../../../etc/passwd",
        "/api/v1/pictures/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/api/v1/pictures/%2Fetc%2Fpasswd/thumbnail",
        "/api/v1/../../gradio_api/file=/etc/passwd",
        "http://evil.example/",
        "*",
    ):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            answer = line.recv(4096).decode()
        assert re.match(r"HTTP/1\.1 40\d ", answer), (path, answer)


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = read_arguments(["--no-browser", "--port", port, "--data-dir", str(tmp_path)])
        assert module.serve(options, "en") == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"webui: Port {port} is in use: ") and err.count("\n") == 1
    assert out == ""


def test_others_need_the_password_that_is_printed(tmp_path: Path):
    with serving(tmp_path, "--host", "0.0.0.0") as process:
        address = said(process, "Easel is at ")
        password = said(process, "Password: ")
        assert get(f"{address}/api/v1/state").status_code == 401
        assert get(address, headers={"accept": "text/html"}).headers["location"] == "/login"
        right = {"authorization": f"Bearer {password}"}
        assert get(f"{address}/api/v1/state", headers=right).status_code == 200
        running = read_running(Paths.choose(tmp_path).server)
        assert running is not None
        key = {"authorization": f"Bearer {running.key}"}
        assert get(f"{address}/api/v1/about", headers=key).status_code == 200


def lines_of(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, err = process.communicate(timeout=120)
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_the_shell_makes_pictures_without_a_server(tmp_path: Path):
    """Two shells at once: one has the server, the other uses it, and goes on when it is gone."""
    slow = [str(number) for number in (1, 2)]
    with (
        started(tmp_path, "generate", "an apple", "--seed", slow[0], "--json") as one,
        started(tmp_path, "generate", "a pear", "--seed", slow[1], "--json") as other,
    ):
        results = [lines_of(process)[-1] for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0)
    assert [result["files"][0]["seed"] for result in results] == [1, 2]
    assert all(Path(result["files"][0]["file"]).is_file() for result in results)
    assert not Paths.choose(tmp_path).server.exists()


@pytest.mark.slow
def test_the_shell_goes_on_when_the_server_is_killed(tmp_path: Path):
    with serving(tmp_path) as server:
        said(server, "Easel is at ")
        with started(tmp_path, "generate", "a steady apple", "--seed", "5", "--json") as process:
            assert process.stdout is not None
            while json.loads(process.stdout.readline())["kind"] != "progress":
                continue
            server.kill()
            lines = lines_of(process)
    assert "interrupted" in [line["kind"] for line in lines]
    assert lines[-1]["ok"] is True and lines[-1]["files"][0]["seed"] == 5


def test_ctrl_c_in_the_shell_cancels_the_job(tmp_path: Path):
    with started(tmp_path, "generate", "a slow apple", "--json") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["kind"] == "progress":
                break
        process.send_signal(signal.SIGINT)
        lines = lines_of(process)
    assert process.returncode == 1
    assert "cancelled" in [line["kind"] for line in lines]
    assert lines[-1]["ok"] is False


# -- every route, asked by those who may not ---------------------------------------------------


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    services = open_fake_services(Paths.choose(tmp_path_factory.mktemp("data")))
    yield services
    services.jobs.close()


@pytest.fixture(scope="module")
def open_app(services: Any) -> Any:
    """The whole application with its page, without a password."""

    async def creating() -> Any:  # in a loop that runs, else Gradio makes some and leaves them open
        return create(services, Access(Hosts("127.0.0.1")))

    return asyncio.run(creating())


def census(app: Any) -> set[tuple[str, str]]:
    """Method and an example of the address of every route, Gradio's own included."""
    inner = app._app._app._app
    return set(_routes(inner.routes, ""))


def _routes(routes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        if isinstance(route, Mount):
            inner = route.app
            while not hasattr(inner, "routes") and hasattr(inner, "_app"):
                inner = inner._app  # pyright: ignore[reportAttributeAccessIssue]
            if hasattr(inner, "routes"):
                yield from _routes(inner.routes, path)  # pyright: ignore
            yield "GET", f"{path}/x.js"
        elif isinstance(route, Route) or hasattr(route, "methods"):
            yield from ((method, path or "/") for method in route.methods or ("GET",))
        elif hasattr(route, "original_router"):  # FastAPI keeps what was included as it was
            inner = prefix + getattr(route.include_context, "prefix", "")
            yield from _routes(route.original_router.routes, inner)


OURS = re.compile(r"/(|login|logout|own/[\w/.]+|api/v1/.*)")
GRADIOS = {
    ("GET", "/assets/x"),
    ("GET", "/static/x"),
    ("GET", "/theme.css"),
    ("GET", "/favicon.ico"),
    ("GET", "/manifest.json"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/queue/join"),
    ("POST", "/gradio_api/run/x"),
    ("POST", "/gradio_api/cancel"),
}


def test_the_census_is_whole(open_app: Any):
    found = census(open_app)
    assert len([path for _, path in found if path.startswith("/gradio_api")]) > 20
    assert ("POST", "/api/v1/jobs") in found and ("GET", "/api/v1/pictures/x") in found
    assert ("POST", "/login") in found and ("GET", "/config") in found
    assert ("GET", "/gradio_api/file=x") in found and ("GET", "/gradio_api/proxy=x") in found


def test_nobody_passes_without_the_password(open_app: Any, services: Any):
    locked = Client(create(services, Access(Hosts("127.0.0.1"), "secret"), page=False))
    for method, path in census(open_app):
        status = locked(method, path).status_code
        if path in ("/login", "/manifest.json"):
            assert status in (200, 401, 404, 405), (method, path)
        else:
            assert status in (401, 404, 405), (method, path, status)
    for path in ("/", "/api/v1/state", "/api/v1/openapi.json", "/gradio_api/queue/data"):
        assert locked("GET", path).status_code == 401


def test_nobody_passes_under_another_name_or_from_another_site(open_app: Any):
    client = Client(open_app)
    for method, path in census(open_app):
        named = client(method, path, headers={"host": "evil.example:7860"})
        assert named.status_code == 421, (method, path)
        sent = client(method, path, headers={"origin": "http://evil.example"})
        assert sent.status_code in (403, 404, 405), (method, path)
        site = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
        fetched = client(method, path, headers=site)
        assert fetched.status_code in (403, 404, 405), (method, path)


def test_of_gradios_routes_only_those_that_the_page_needs_are_open(open_app: Any):
    client = Client(open_app)
    for method, path in sorted(census(open_app) - GRADIOS):
        if OURS.fullmatch(path) or method == "HEAD":
            continue
        response = client(method, path)
        assert response.status_code in (404, 405), (method, path)
        assert response.json()["problems"][0]["code"] in ("no_address", "no_method")


def test_the_page_comes_with_all_it_links_to(open_app: Any):
    client = Client(open_app)
    page = client("GET", "/", headers={"accept": "text/html", "accept-language": "pl"})
    assert page.status_code == 200
    links = set(re.findall(r'(?:href|src)="\.?(/(?:own|assets|static)/[^"]+)"', page.text))
    assert len(links) > 5
    for link in sorted(links):
        assert client("GET", link).status_code == 200, link


# -- pieces ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "environment", "public", "password"),
    [
        (None, None, False, None),
        ("given", None, False, "given"),
        ("given", "other", True, "given"),
        (None, "other", False, "other"),
        (None, "", False, None),
    ],
)
def test_the_password_is_the_one_that_was_set(monkeypatch, given, environment, public, password):
    monkeypatch.delenv("EASEL_PASSWORD", raising=False)
    if environment is not None:
        monkeypatch.setenv("EASEL_PASSWORD", environment)
    options = argparse.Namespace(**({"password": given} if given else {}))
    assert choose_password(options, public) == (password, False)


def test_where_others_come_in_and_none_is_set_one_is_made(monkeypatch):
    monkeypatch.delenv("EASEL_PASSWORD", raising=False)
    password, made = choose_password(argparse.Namespace(), public=True)
    assert made and password is not None and len(password) > 10


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": ":0", "CI": "true"}, False),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "x"}, False),
        ({}, False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sits(monkeypatch, environment, shown):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("CI", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert has_display() is shown


def test_a_tunnel_is_a_name_more_and_where_there_is_none_that_is_said(monkeypatch):
    import gradio.networking

    told: list[tuple[str, dict[str, Any]]] = []
    access = Access(Hosts("127.0.0.1"), "secret")
    monkeypatch.setattr(gradio.networking, "setup_tunnel", lambda *_: "https://abc123.gradio.live")
    open_tunnel(7860, access, lambda key, **values: told.append((key, values)))
    assert told == [("serve.shared", {"address": "https://abc123.gradio.live"})]
    assert access.hosts.know("abc123.gradio.live")

    def fails(*_: object) -> str:
        raise RuntimeError("Could not get share link from Gradio API Server.")

    monkeypatch.setattr(gradio.networking, "setup_tunnel", fails)
    open_tunnel(7860, access, lambda key, **values: told.append((key, values)))
    key, values = told[-1]
    assert key == "error.share_failed" and "Could not get" in values["reason"]


def test_libraries_stay_off_the_network_and_the_worker_hears_of_the_device(monkeypatch):
    for name in ("GRADIO_ANALYTICS_ENABLED", "HF_HUB_OFFLINE", "EASEL_DEVICE"):
        monkeypatch.setenv(name, "before")
    module.prepare_environment(argparse.Namespace(device="cpu"))
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["EASEL_DEVICE"] == "cpu"


def test_safe_is_said_to_both_processes_by_the_environment(monkeypatch):
    for name in ("GRADIO_ANALYTICS_ENABLED", "HF_HUB_OFFLINE", SAFE):
        monkeypatch.setenv(name, "")
    module.prepare_environment(read_arguments([]))
    assert not safe_mode(os.environ)
    module.prepare_environment(read_arguments(["--safe"]))
    assert safe_mode(os.environ)


def test_a_page_waits_for_a_shell_to_end(tmp_path: Path):
    paths = Paths.choose(tmp_path)
    told: list[str] = []
    with open_fake_door(tmp_path) as door:
        thread = threading.Thread(target=lambda: told.append(str(other_page(paths, told.append))))
        thread.start()
        job = door.submit({"prompt": "an apple"})
        while not told or door.job(job.id).state not in FINAL:
            time.sleep(0.02)
        assert told == ["serve.waiting"]
    thread.join(60)
    assert told == ["serve.waiting", "None"]


@contextmanager
def open_fake_door(data: Path) -> Iterator[Connection]:
    options = read_arguments(["--data-dir", str(data), "generate", "x"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("webui.jobs.queue.worker_command", lambda _: WORKER)
        with module.open_door(options) as door:
            yield door


def test_a_folder_in_use_is_waited_for(monkeypatch, tmp_path: Path):
    """Whoever holds it may be about to say where it is, or to go."""
    paths = Paths.choose(tmp_path)
    holder = open_fake_services(paths)
    monkeypatch.setattr("webui.jobs.queue.worker_command", lambda _: ["false"])
    start = time.monotonic()
    with pytest.raises(module.UserError) as error, module.ExitStack() as stack:
        module._reach(paths, stack, patience=0.3)
    assert error.value.problem.code == "data_in_use"
    assert time.monotonic() - start >= 0.3
    holder.jobs.close()
    with module.ExitStack() as stack:
        assert module._reach(paths, stack, patience=5).last_event() == 0
