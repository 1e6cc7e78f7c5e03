"""GET, as downloads need it: redirects followed by hand, tokens for their own site only, no way to
the neighbours of this machine, and a look every half second whether anybody still wants it.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from webui import __version__
from webui.core.errors import UserError

MOST_REDIRECTS = 10
_TICK = 0.5
_MOST_JSON = 32_000_000
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))
"""Statuses after which it is worth to ask again."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CODES: Mapping[int, str] = {
    401: "download_login",
    403: "download_forbidden",
    404: "download_missing",
    410: "download_missing",
}

Check = Callable[[], None]
"""Called while waiting; raises whatever is to end it."""
Origin = tuple[str, str, int]


class Broken(Exception):
    """It went wrong this time; another try may do. `wait`: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Site:
    """A server that the owner of this machine named: as good over http and in a private network.

    Attributes:
        base: its address, without a slash at the end.
        token: sent to it, and to nobody else.
    """

    base: str
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Waits:
    """Seconds to wait for a connection, and for the next bytes."""

    connect: float = 15.0
    read: float = 30.0


class Answer:
    """A response whose body is still to come."""

    def __init__(self, url: str, response: httpcore.Response) -> None:
        self.url = url
        self.status = response.status
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        self._response = response

    def pieces(self) -> Generator[bytes]:
        """The body.

        Raises:
            Broken: it ends too early, or nothing comes.
        """
        with _explained(self.url):
            yield from cast(Iterable[bytes], self._response.iter_stream())

    def number(self, name: str) -> int | None:
        """A header that is a whole number."""
        value = self.headers.get(name, "").strip()
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else None


class Web:
    """What is asked of the net. `check` is called while it waits."""

    def __init__(self, sites: Sequence[Site], check: Check, waits: Waits = Waits()) -> None:
        self._sites = {_origin(httpx.URL(site.base)): site for site in sites}
        self._check = check
        self._waits = waits

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Generator[Answer]:
        """What an address answers, after redirects.

        Raises:
            Broken: no answer this time.
            UserError: no answer ever, or one that says no.
        """
        with self._open(self._read(url), headers or {}) as answer:
            if answer.status in _PASSING:
                raise Broken(f"HTTP {answer.status}", _wait(answer))
            if answer.status not in (200, 206, 416):
                raise refused(answer)
            yield answer

    def json(self, url: str) -> dict[str, Any]:
        """An object of JSON.

        Raises:
            Broken, UserError: see `get`; also where it is none.
        """
        body = bytearray()
        with self.get(url, {"accept": "application/json"}) as answer:
            for piece in answer.pieces():
                body += piece
                if len(body) > _MOST_JSON:
                    break
        try:
            value: object = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise UserError("download_no_answer", host=_host(url))
        return cast(dict[str, Any], value)

    @contextmanager
    def _open(self, url: httpx.URL, headers: Mapping[str, str]) -> Generator[Answer]:
        """Follow redirects to the end. Each hop has a connection of its own, closed after it."""
        for _ in range(MOST_REDIRECTS + 1):
            with self._ask(url, headers) as answer:
                target = answer.headers.get("location")
                if answer.status not in _REDIRECTS or not target:
                    yield answer
                    return
            url = self._read(target, url)
            if url.path.rstrip("/") == "/login":
                raise UserError("download_login", host=url.host[:100])
        raise UserError("download_circle", host=url.host)

    @contextmanager
    def _ask(self, url: httpx.URL, headers: Mapping[str, str]) -> Generator[Answer]:
        self._check()
        sent = {
            "user-agent": f"Easel/{__version__}",
            "accept": "*/*",
            "accept-encoding": "identity",
        }
        sent |= headers
        site = self._sites.get(_origin(url))
        if site is not None and site.token:
            sent["authorization"] = f"Bearer {site.token}"
        waits = {"connect": self._waits.connect, "pool": self._waits.connect}
        waits |= {"read": self._waits.read, "write": self._waits.read}
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        with _explained(str(url)), self._pool(url) as pool:
            with pool.stream(
                "GET", target, headers=list(sent.items()), extensions={"timeout": waits}
            ) as response:
                yield Answer(str(url), response)

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = _proxy(url)
        trusted = {(origin[1], origin[2]) for origin in self._sites}
        if proxy is not None:
            trusted.add((proxy.host, _origin(proxy)[2]))
            if (url.host, _origin(url)[2]) not in trusted:
                _check_literal(url.host)
        backend = _Backend(trusted, self._check)
        through = _through(proxy) if proxy else None
        return httpcore.ConnectionPool(proxy=through, network_backend=backend, retries=0)

    def _read(self, text: str, base: httpx.URL | None = None) -> httpx.URL:
        """An address that may be asked.

        Raises:
            UserError: it is none, or not safe.
        """
        try:
            url = base.join(text) if base else httpx.URL(text)
        except (httpx.InvalidURL, ValueError) as error:
            raise UserError("download_unknown", "source") from error
        if _origin(url) not in self._sites and url.scheme != "https":
            raise UserError("download_not_https", "source", host=url.host[:100])
        if not url.host or url.userinfo:
            raise UserError("download_unknown", "source")
        return url.copy_with(fragment=None)


def refused(answer: Answer) -> UserError:
    """What a status says that is none of success."""
    code = _CODES.get(answer.status, "download_status")
    return UserError(code, host=_host(answer.url), status=answer.status)


class _Backend(httpcore.NetworkBackend):
    """Connects to public addresses, and to those of the owner's sites.

    The address that was looked at is the one that is connected to: no name can turn in between.
    """

    def __init__(self, trusted: set[tuple[str, int]], check: Check) -> None:
        self._trusted = trusted
        self._check = check
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if (host, port) not in self._trusted and not all(map(is_public, addresses)):
            raise UserError("download_private", "source", host=host[:100])
        problem: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            self._check()
            try:
                stream = self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
                return _Stream(stream, self._check)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """Waits in short steps, between which it looks whether it is still wanted."""

    def __init__(self, inner: httpcore.NetworkStream, check: Check) -> None:
        self._inner = inner
        self._check = check

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        end = time.monotonic() + (timeout or 0)
        while True:
            self._check()
            try:
                return self._inner.read(max_bytes, _TICK)
            except httpcore.ReadTimeout:
                if timeout is not None and time.monotonic() >= end:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._check)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def is_public(address: str) -> bool:
    """Whether an address of figures is one of the whole net, and not of this machine or network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _check_literal(host: str) -> None:
    """Behind a proxy names are looked up there; what can be seen here is refused here."""
    first, _, last = host.lower().rstrip(".").rpartition(".")
    local = not first or last == "localhost" or not re.search("[a-z-]", last)
    if local if is_name(host) else not is_public(host):
        raise UserError("download_private", "source", host=host[:100])


def is_name(host: str) -> bool:
    """Whether it is no address of figures."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _proxy(url: httpx.URL) -> httpx.URL | None:
    """The user's, as the system or the environment names it."""
    found = getproxies()
    address = found.get(url.scheme) or found.get("all")
    here = url.host == "localhost" or url.host.startswith("127.") or url.host == "::1"
    if not address or here or proxy_bypass(url.host):
        return None
    return httpx.URL(address if "://" in address else f"http://{address}")


def _through(proxy: httpx.URL) -> httpcore.Proxy:
    auth = (proxy.username.encode(), proxy.password.encode()) if proxy.userinfo else None
    plain = httpcore.URL(
        scheme=proxy.raw_scheme, host=proxy.raw_host, port=proxy.port, target=proxy.raw_path
    )
    return httpcore.Proxy(plain, auth)


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _host(url: str) -> str:
    return httpx.URL(url).host[:100]


def _wait(answer: Answer) -> float:
    """Seconds of `Retry-After`; a date there is not worth the trouble."""
    return float(answer.number("retry-after") or 0)


@contextmanager
def _explained(url: str) -> Generator[None]:
    """A broken connection as one exception; a server that is not who it says, as a sentence."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        causes = (error, error.__cause__, error.__context__)
        if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
            raise UserError("download_untrusted", host=_host(url)) from error
        raise Broken(str(error) or type(error).__name__) from error
    except httpcore.ProxyError as error:
        raise Broken(str(error)) from error
