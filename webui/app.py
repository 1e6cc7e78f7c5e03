"""Composition root of the server: the only place that knows all its parts."""

from __future__ import annotations

import argparse
import functools
import http.client
import logging
import os
import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from types import FrameType
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from webui.api.access import Access, Hosts, is_loopback, make_password
from webui.api.build import build_api
from webui.api.context import ClientCookie
from webui.api.ending import Ending
from webui.api.guard import API, Guard
from webui.api.listen import listen, local_address, network_addresses
from webui.api.login import login_routes
from webui.cli.connection import Connection, find_server
from webui.cli.parser import DEFAULT_HOST
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.core.finding import SAFE
from webui.core.paths import Paths
from webui.core.running import Running, write_running
from webui.core.texts import text
from webui.jobs.services import Services


def prepare_environment(options: argparse.Namespace) -> None:
    """What libraries and the worker read once, when they start: no network, and the device."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if "safe" in options:
        os.environ[SAFE] = "1"
    if device := getattr(options, "device", None):
        os.environ["EASEL_DEVICE"] = device


def create(services: Services, access: Access, page: bool = True) -> ASGIApp:
    """The whole server: guard, login, API and, where it is wanted, the page."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.routes.extend(login_routes(access))
    app.mount(API, build_api(services, access))
    if page:
        from webui.ui.shell import mount  # Gradio: seconds, in which the worker loads too

        mount(app, services)
    return Ending(Guard(ClientCookie(app), access))


@contextmanager
def open_services(paths: Paths) -> Generator[Services]:
    """The services of a data folder, their worker starting.

    Raises:
        UserError: another process runs jobs on the folder, or it cannot be used.
    """
    services = Services.of(paths)
    services.jobs.start()
    services.catalog.watch()
    try:
        yield services
    finally:
        services.catalog.close()
        services.jobs.close()


class Server(uvicorn.Server):
    """uvicorn on a socket of ours. Ctrl+C ends it without waiting for open lines of events."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                ws="none",
                proxy_headers=False,  # whoever sends X-Forwarded-For could choose who he is
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End at once and quietly: nothing here needs an orderly end."""
        logging.getLogger("uvicorn.error").disabled = True
        self.should_exit = self.force_exit = True


def serve(options: argparse.Namespace, language: str) -> int:
    """Serve the page until Ctrl+C; returns the exit code."""
    prepare_environment(options)
    try:
        return _serve(options, language)
    except UserError as error:
        print(f"webui: {worded(error.problem, language)}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace, language: str) -> int:
    paths = Paths.choose(options.data_dir, options.models_dir, options.outputs_dir)
    with_browser = "no_browser" not in options and has_display()
    if address := other_page(paths, functools.partial(_say, language)):
        _say(language, "serve.already", address=address)
        if with_browser:
            webbrowser.open(address)
        return 0
    host = getattr(options, "host", DEFAULT_HOST)
    share = "share" in options
    password, made = choose_password(options, public=share or not is_loopback(host))
    with closing(listen(host, options.port)) as listener, open_services(paths) as services:
        port = listener.getsockname()[1]
        running = Running(local_address(host, port), secrets.token_urlsafe(32))
        access = Access(Hosts(host), password, running.key)
        server = Server(create(services, access))

        def welcome() -> None:
            wait_until_it_answers(running.address)
            say = functools.partial(_say, language)
            say("serve.at", address=running.address)
            for other in network_addresses(host, port):
                say("serve.network", address=other)
            if made:
                say("serve.password", password=password)
            if with_browser:
                webbrowser.open(running.address)
            if share:
                open_tunnel(port, access, say)

        with noted(paths, running):
            threading.Thread(target=welcome, daemon=True).start()
            server.run([listener])
    return 0


def other_page(paths: Paths, say: Callable[..., None]) -> str | None:
    """Address of the page that is served on this data folder; waits for shells to end."""
    waiting = False
    while found := find_server(paths.server):
        found.close()
        if found.running.page:
            return found.running.address
        if not waiting:
            say("serve.waiting")
        waiting = True
        time.sleep(0.5)
    return None


def _say(language: str, key: str, **values: object) -> None:
    print(text(key, language, **values), flush=True)


def choose_password(options: argparse.Namespace, public: bool) -> tuple[str | None, bool]:
    """The password, and whether it was made here: only where others come in and none was set."""
    given = getattr(options, "password", None) or os.environ.get("EASEL_PASSWORD") or None
    if given is None and public:
        return make_password(), True
    return given, False


def has_display() -> bool:
    """Whether a person sits at this machine, as far as can be told."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def noted(paths: Paths, running: Running) -> Generator[None]:
    """Tell the shell where the server is while it is."""
    write_running(paths.server, running)
    try:
        yield
    finally:
        paths.server.unlink(missing_ok=True)


def wait_until_it_answers(address: str) -> None:
    """Until the page itself has come once."""
    parts = urlsplit(address)
    while True:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        time.sleep(0.05)


def open_tunnel(port: int, access: Access, say: Callable[..., None]) -> None:
    """Open a public address that leads here. Where that fails, the server goes on without."""
    from gradio.networking import setup_tunnel

    try:
        url = setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except Exception as error:  # noqa: BLE001  whatever a network can do; said, and nothing lost
        reason = f"{type(error).__name__}: {error}"[:200]
        say("error.share_failed", reason=reason)
        return
    access.hosts.add(urlsplit(url).hostname or "")
    say("serve.shared", address=url)


@contextmanager
def open_door(options: argparse.Namespace) -> Generator[Connection]:
    """The running server or, where there is none, one of our own without a page, for the shell.

    Raises:
        UserError: the data folder cannot be used.
    """
    prepare_environment(options)
    paths = Paths.choose(options.data_dir, options.models_dir, options.outputs_dir)
    with ExitStack() as stack:
        yield _reach(paths, stack)


def _reach(paths: Paths, stack: ExitStack, patience: float = 60.0) -> Connection:
    """Connect. A server that begins or ends at this moment is waited for."""
    end = time.monotonic() + patience
    while True:
        if found := find_server(paths.server):
            return stack.enter_context(found)
        try:
            return stack.enter_context(_own_server(paths))
        except UserError as error:
            if error.problem.code != "data_in_use" or time.monotonic() > end:
                raise
        time.sleep(0.2)


@contextmanager
def _own_server(paths: Paths) -> Generator[Connection]:
    """A server in a thread, for who has its key: this shell, and others on the same folder."""
    with closing(listen(DEFAULT_HOST, 0)) as listener, open_services(paths) as services:
        address = local_address(DEFAULT_HOST, listener.getsockname()[1])
        running = Running(address, secrets.token_urlsafe(32), page=False)
        access = Access(Hosts(DEFAULT_HOST), make_password(), running.key)
        server = Server(create(services, access, page=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            with noted(paths, running), Connection(running) as connection:
                yield connection
        finally:
            server.stop()
            thread.join()
