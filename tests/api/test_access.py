import base64

import pytest

from webui.api.access import (
    Access,
    Hosts,
    NotAdmitted,
    Throttle,
    is_loopback,
    is_wildcard,
    make_password,
    read_authorization,
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(clock: Clock) -> Access:
    return Access(Hosts("0.0.0.0"), "hunter2 żółw", "the-key", Throttle(clock))


def refused(access: Access, *, authorization: str | None = None, session: str | None = None) -> str:
    with pytest.raises(NotAdmitted) as error:
        access.admit(session, authorization, "10.0.0.9")
    return error.value.problem.code


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("host", "loopback", "wildcard"),
    [
        ("localhost", True, False),
        ("127.0.0.1", True, False),
        ("127.3.2.1", True, False),
        ("::1", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("192.168.1.5", False, False),
        ("localhost.example.com", False, False),
        ("box.lan", False, False),
    ],
)
def test_which_addresses_only_this_machine_reaches(host, loopback, wildcard):
    assert (is_loopback(host), is_wildcard(host)) == (loopback, wildcard)


def test_a_server_on_loopback_answers_to_loopback_names_only():
    hosts = Hosts("127.0.0.1")
    for right in ("127.0.0.1:7860", "LOCALHOST:9000", "localhost", "[::1]:7860"):
        assert hosts.know(right), right
    for wrong in (
        "evil.example:7860",
        "192.168.1.5:7860",
        "localhost.evil.example",
        "127.0.0.1.evil.example:7860",
        "127.0.0.1:7860@evil.example",
        "localhost:7860, evil.example",
        "localhost:",
        "user@localhost",
        "lоcalhost",  # a Cyrillic o
        "",
    ):
        assert not hosts.know(wrong), wrong


def test_a_server_on_one_address_answers_to_it():
    hosts = Hosts("Box.lan")
    assert hosts.know("box.lan:7860")
    assert hosts.know("localhost:7860")
    assert not hosts.know("192.168.1.5:7860")


def test_a_server_on_all_addresses_answers_to_figures_but_not_to_strange_names(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Studio")
    hosts = Hosts("0.0.0.0")
    for right in ("192.168.1.5:7860", "[fe80::1]:7860", "studio:7860", "studio.local", "localhost"):
        assert hosts.know(right), right
    assert not hosts.know("rebound.evil.example:7860")
    hosts.add("abc123.gradio.live")
    assert hosts.know("ABC123.gradio.live")


def test_the_password_comes_as_bearer_or_basic(access: Access):
    access.admit(None, bearer("hunter2 żółw"), "10.0.0.9")
    access.admit(None, basic("hunter2 żółw"), "10.0.0.9")
    access.admit(None, bearer("the-key"), "10.0.0.9")
    assert refused(access) == "login_required"
    assert refused(access, authorization="Digest x") == "login_required"
    assert refused(access, authorization="Basic ?") == "login_required"
    assert refused(access, authorization=bearer("")) == "wrong_password"
    assert refused(access, authorization=basic("hunter2")) == "wrong_password"


def test_without_a_password_everybody_may():
    Access(Hosts("127.0.0.1")).admit(None, None, "127.0.0.1")


def test_an_empty_password_is_one():
    access = Access(Hosts("0.0.0.0"), "")
    assert not access.is_open
    assert refused(access) == "login_required"


def test_a_session_lasts_until_logging_out(access: Access):
    one, other = access.log_in("hunter2 żółw", "a"), access.log_in("hunter2 żółw", "a")
    assert one != other
    access.admit(one, None, "a")
    access.log_out(one)
    assert refused(access, session=one) == "login_required"
    access.admit(other, None, "a")
    assert refused(access, session="") == "login_required"
    with pytest.raises(NotAdmitted):
        access.log_in("hunter3", "a")


def test_wrong_passwords_cost_more_and_more_time(access: Access, clock: Clock):
    for _ in range(3):
        assert refused(access, authorization=bearer("guess")) == "wrong_password"
    waits: list[float] = []
    for _ in range(9):
        with pytest.raises(NotAdmitted) as error:
            access.admit(None, bearer("hunter2 żółw"), "10.0.0.9")  # not even the right one
        waits.append(error.value.problem.values["seconds"])
        clock.now += waits[-1]
        assert refused(access, authorization=bearer("guess")) == "wrong_password"
    assert waits == sorted(waits)
    assert waits[0] <= 3 and waits[-1] >= 60
    access.admit(None, bearer("hunter2 żółw"), "10.0.0.10")
    access.admit(None, bearer("the-key"), "10.0.0.9")
    clock.now += 61
    access.admit(None, bearer("hunter2 żółw"), "10.0.0.9")
    assert refused(access, authorization=bearer("guess")) == "wrong_password"
    access.admit(None, bearer("hunter2 żółw"), "10.0.0.9")


def test_one_household_of_version_6_is_one_guesser(clock: Clock):
    throttle = Throttle(clock)
    for number in range(5):
        throttle.failed(f"2001:db8:1:2::{number}")
    assert throttle.wait("2001:db8:1:2:9::1") > 0
    assert throttle.wait("2001:db8:1:3::1") == 0


def test_old_failures_are_forgotten_and_their_number_is_bounded(clock: Clock):
    throttle = Throttle(clock)
    for _ in range(8):
        throttle.failed("a")
    clock.now += Throttle.FORGOTTEN + 1
    assert throttle.wait("a") == 0
    throttle.failed("a")
    assert throttle.wait("a") == 0
    for number in range(Throttle.MOST + 5):
        throttle.failed(str(number))
    assert len(throttle._failures) == Throttle.MOST


def test_authorization_is_read_whatever_stands_in_it():
    assert read_authorization("bearer  x ") == "x"
    assert read_authorization("Basic " + base64.b64encode(b"user:a:b").decode()) == "a:b"
    assert read_authorization("Basic /w==") is None
    assert read_authorization("") is None


def test_made_passwords_differ_and_are_long_enough():
    passwords = {make_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(len(password) == 14 and password.count("-") == 2 for password in passwords)
