"""Where the server listens, and by which addresses it is reached there."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterator

import psutil

from webui.api.access import is_wildcard
from webui.core.errors import UserError

FIRST_PORT, LAST_PORT = 7860, 7959


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on a port (0: any free one; None: the first free one of ours).

    Raises:
        UserError: the port is in use, or the address is not one to listen on.
    """
    wanted = range(FIRST_PORT, LAST_PORT + 1) if port is None else (port,)
    for candidate in wanted:
        try:
            return _listen(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or str(error)
                raise UserError("cannot_listen", host=host, port=candidate, reason=reason) from None
    raise UserError("port_taken", port=wanted[0])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, dualstack_ipv6=both)


def local_address(host: str, port: int) -> str:
    """The address by which this machine reaches a server that listens on host."""
    name = "127.0.0.1" if is_wildcard(host) else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def network_addresses(host: str, port: int) -> list[str]:
    """The addresses by which others reach a server that listens everywhere."""
    return [f"http://{figures}:{port}" for figures in _own_figures()] if is_wildcard(host) else []


def _own_figures() -> Iterator[str]:
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    for name, entries in psutil.net_if_addrs().items():
        for entry in entries:
            if name in up and entry.family == socket.AF_INET:
                figures = ipaddress.ip_address(entry.address)
                if not figures.is_loopback and not figures.is_link_local:
                    yield entry.address
