"""Who may come in: names of this server, the password, sessions, the shell's key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from webui.core.errors import UserError

SESSION_COOKIE = "easel_session"
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[\w.-]+))(?::\d{1,5})?", re.ASCII)
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class NotAdmitted(UserError):
    """No password, a wrong one, or too many wrong ones before."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on this address."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_wildcard(host: str) -> bool:
    """Whether a server on this address is reached by all addresses of the machine."""
    address = _address(host)
    return address is not None and address.is_unspecified


def make_password() -> str:
    """Three groups of four letters, 59 bits, easy to type on a phone."""
    letters = [secrets.choice(_PASSWORD_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


class Hosts:
    """Names under which this server answers; any other is a page that had a name point here.

    The port is not looked at: a tunnel (`ssh -L 9000:localhost:7860`) may lead from another one,
    and no foreign page can choose the name `localhost`.
    """

    def __init__(self, bound: str) -> None:
        """bound: the address the server listens on. Where that is all of them, any address of
        figures is right (no name was looked up that somebody could have turned) and so is the
        machine's own name.
        """
        self._any_address = is_wildcard(bound)
        own = socket.gethostname().lower()
        names = (own, f"{own}.local") if self._any_address else (bound.lower(),)
        self._names = {*LOOPBACK, *names}
        self._shared: set[str] = set()

    def add(self, name: str) -> None:
        """Answer to one more name, under which guests come."""
        self._names.add(name.lower())
        self._shared.add(name.lower())

    def is_shared(self, header: str) -> bool:
        """Whether a request's Host header is the name under which guests come.

        They cannot send another one: it is by this header that the tunnel finds the way here.
        """
        match = _HOST.fullmatch(header)
        return match is not None and (match["name"] or "").lower() in self._shared

    def know(self, header: str) -> bool:
        """Whether a request's Host header names this server."""
        match = _HOST.fullmatch(header)
        if not match:
            return False
        name = (match["v6"] or match["name"]).lower()
        return name in self._names or (self._any_address and _address(name) is not None)


@dataclass(frozen=True)
class _Failures:
    count: int
    last: float


class Throttle:
    """Lets an address wait longer after each wrong password; the first few are free."""

    FREE, LONGEST, FORGOTTEN, MOST = 3, 60.0, 3600.0, 10_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, _Failures] = {}

    def wait(self, address: str) -> float:
        """Seconds until the next attempt is looked at."""
        failures = self._failures.get(_network(address))
        if failures is None or failures.count < self.FREE:
            return 0.0
        delay = min(self.LONGEST, 2.0 ** min(failures.count - self.FREE, 30))
        return max(0.0, failures.last + delay - self._clock())

    def failed(self, address: str) -> None:
        """Note a wrong password."""
        now = self._clock()
        failures = self._failures.pop(_network(address), _Failures(0, now))
        recent = now - failures.last < self.FORGOTTEN
        self._failures[_network(address)] = _Failures(failures.count * recent + 1, now)
        if len(self._failures) > self.MOST:
            del self._failures[next(iter(self._failures))]  # the oldest

    def succeeded(self, address: str) -> None:
        """Forget the wrong ones."""
        self._failures.pop(_network(address), None)


class Access:
    """What the guard knows: the server's names and, where there is a password, who may come in."""

    def __init__(
        self,
        hosts: Hosts,
        password: str | None = None,
        key: str | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        """password: None leaves every door open to whom the address lets in.
        key: of the shell on this machine, as good as the password.
        """
        self.hosts = hosts
        self.key = key or secrets.token_urlsafe(32)
        self._password = password
        self._throttle = throttle or Throttle()
        self._sessions: set[bytes] = set()

    @property
    def is_open(self) -> bool:
        """Nobody is asked for a password."""
        return self._password is None

    def log_in(self, password: str, address: str) -> str:
        """Start a session and return its token.

        Raises:
            NotAdmitted: the password is wrong, or wrong ones came too fast.
        """
        self._check_password(password, address)
        token = secrets.token_urlsafe(32)
        self._sessions.add(_digest(token))
        return token

    def log_out(self, token: str | None) -> None:
        """End a session."""
        self._sessions.discard(_digest(token or ""))

    def has_session(self, token: str | None) -> bool:
        """Whether a session's token is in force."""
        return token is not None and _digest(token) in self._sessions

    def admit(self, session: str | None, authorization: str | None, address: str) -> None:
        """Let a request pass by its session's token or its Authorization header.

        Raises:
            NotAdmitted: it has neither, or a wrong one.
        """
        if self.is_open or self.has_session(session):
            return
        if self.is_key(authorization):
            return
        given = read_authorization(authorization or "")
        if given is None:
            raise NotAdmitted("login_required")
        self._check_password(given, address)

    def is_key(self, authorization: str | None) -> bool:
        """Whether an Authorization header brings the key of this machine's shell."""
        given = read_authorization(authorization or "")
        return given is not None and _same(given, self.key)

    def _check_password(self, given: str, address: str) -> None:
        wait = self._throttle.wait(address)
        if wait > 0:
            raise NotAdmitted("too_many_attempts", seconds=int(wait) + 1)
        if self._password is None or not _same(given, self._password):
            self._throttle.failed(address)
            raise NotAdmitted("wrong_password")
        self._throttle.succeeded(address)


def read_authorization(header: str) -> str | None:
    """The secret of `Bearer SECRET` or of `Basic` (its user's name says nothing)."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _same(one: str, other: str) -> bool:
    """Compare in a time that says nothing about either."""
    return hmac.compare_digest(_digest(one), _digest(other))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> str:
    """Whom an address belongs to: one of version 6 has 2^64 others to come from."""
    address = _address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return text
