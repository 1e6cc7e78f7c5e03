import socket

import pytest

from webui.api import listen as module
from webui.api.listen import listen, local_address, network_addresses
from webui.core.errors import UserError


@pytest.fixture
def two_free_ports(monkeypatch) -> range:
    """A range of our own instead of 7860…, so that a server of the user's does not matter."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as one:
            first = one.getsockname()[1]
        try:
            socket.create_server(("127.0.0.1", first + 1)).close()
        except OSError:
            continue
        monkeypatch.setattr(module, "FIRST_PORT", first)
        monkeypatch.setattr(module, "LAST_PORT", first + 1)
        return range(first, first + 2)


def test_without_a_port_the_first_free_one_is_taken(two_free_ports):
    with listen("127.0.0.1", None) as one, listen("127.0.0.1", None) as other:
        assert [s.getsockname()[1] for s in (one, other)] == list(two_free_ports)
        with pytest.raises(UserError) as error:
            listen("127.0.0.1", None)
    assert error.value.problem.code == "port_taken"


def test_a_port_that_was_asked_for_is_taken_or_refused(two_free_ports):
    with listen("127.0.0.1", two_free_ports[0]):
        with pytest.raises(UserError) as error:
            listen("127.0.0.1", two_free_ports[0])
    assert error.value.problem.code == "port_taken"
    assert str(two_free_ports[0]) in str(error.value)


def test_any_free_port():
    with listen("127.0.0.1", 0) as one:
        assert one.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["203.0.113.77", "no-such-host.invalid"])
def test_an_address_that_is_not_ours(host, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    if host.endswith("invalid"):
        monkeypatch.setattr(socket, "create_server", unknown)
    with pytest.raises(UserError) as error:
        listen(host, 0)
    assert error.value.problem.code == "cannot_listen"
    assert host in str(error.value)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:7860"),
        ("localhost", "http://localhost:7860"),
        ("0.0.0.0", "http://127.0.0.1:7860"),
        ("::", "http://127.0.0.1:7860"),
        ("::1", "http://[::1]:7860"),
        ("box.lan", "http://box.lan:7860"),
    ],
)
def test_the_address_to_open_here(host, address):
    assert local_address(host, 7860) == address


def test_others_reach_only_a_server_that_listens_everywhere():
    assert network_addresses("127.0.0.1", 7860) == []
    for address in network_addresses("0.0.0.0", 7860):
        assert address.startswith("http://") and address.endswith(":7860")
        assert "127.0.0.1" not in address
