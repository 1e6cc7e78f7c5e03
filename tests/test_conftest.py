import os
import socket

import pytest


def test_a_test_cannot_reach_the_network() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="no network"):
        sock.connect(("192.0.2.1", 80))
    with socket.socket() as sock, pytest.raises(RuntimeError, match="no network"):
        sock.connect_ex(("example.invalid", 80))


def test_a_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_hub_is_offline() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_file_runs_in_one_process(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("xdist_group")
    assert marker is not None and marker.args == ("tests/test_conftest.py",)
