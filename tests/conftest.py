"""What holds for every test: no network, no surprise from the machine it runs on."""

import os

# Before any library is imported: these are read once, at import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Work as small as the tests' is as fast on one thread; and two processes run the tests of
# `launch.py test` on two cores, where threads that spin for each other cost a third more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import ipaddress
import signal
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# What a shell starts in the background ignores Ctrl+C, and hands that on to all it starts: tests
# that send one to a program of theirs would wait for nothing.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def is_local(address: object) -> bool:
    """Whether a socket's address is this machine: a loopback address, or not an internet one."""
    if not isinstance(address, tuple):
        return True  # a Unix socket's path
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def group_of(nodeid: str) -> str:
    """What runs in one process in its order: a file, and all that drive a browser together, since
    two browsers on two cores would make each other late."""
    return "browser" if nodeid.startswith("tests/browser/") else nodeid.partition("::")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest group, the browser's tests, first, then the files with a slow test, so that one
    that is handed out last keeps no process waiting for long."""
    slow = {group_of(item.nodeid) for item in items if item.get_closest_marker("slow")}

    def turn(item: pytest.Item) -> tuple[bool, bool]:
        group = group_of(item.nodeid)
        return group != "browser", group not in slow

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands out whole groups (xdist's own groups do nothing with pytest 9.2)."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sockets reach this machine only, so that no test depends on (or leaks to) the network."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def checked(address: object) -> None:
        if not is_local(address):
            raise RuntimeError(f"a test tried to reach {address}: there is no network at run time")

    def guarded_connect(self: socket.socket, address: object) -> None:
        checked(address)
        connect(self, address)  # pyright: ignore[reportArgumentType]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        checked(address)
        return connect_ex(self, address)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory):
    """A tiny random Stable Diffusion 1 model (`tests.tiny.Tiny`); only to be read."""
    from tests.tiny import write_tiny  # loads torch

    return write_tiny(tmp_path_factory.mktemp("tiny"))
