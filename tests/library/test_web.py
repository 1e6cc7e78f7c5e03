"""Who is asked, what he is told, and who is not asked at all."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.library.peer import Page, Peer, serving
from webui.core.errors import UserError
from webui.library.web import Broken, Site, Waits, Web, is_public

SECRET = "hf_secret"


@pytest.fixture
def peers() -> Generator[tuple[Peer, Peer]]:
    with serving() as first, serving() as second:
        yield first, second


def nothing() -> None:
    pass


def web_of(*sites: Site) -> Web:
    return Web(sites, nothing, Waits(1.0, 0.5))


def body(web: Web, url: str) -> bytes:
    with web.get(url) as answer:
        return b"".join(answer.pieces())


def code(web: Web, url: str) -> str:
    with pytest.raises(UserError) as caught:
        body(web, url)
    assert SECRET not in caught.value.problem.model_dump_json()
    return caught.value.problem.code


def test_a_token_goes_to_its_site_and_not_on_to_another(peers: tuple[Peer, Peer]) -> None:
    site, other = peers
    web = web_of(Site(site.base, SECRET), Site(other.base))
    target = other.put("/file", b"here")
    for status in (301, 302, 303, 307, 308):
        asked = site.put("/go", status=status, headers={"location": target})
        assert body(web, asked) == b"here"
    assert all(one.headers["authorization"] == f"Bearer {SECRET}" for one in site.asked)
    assert other.asked
    assert all("authorization" not in one.headers for one in other.asked)


def test_redirects_may_be_relative(peers: tuple[Peer, Peer]) -> None:
    site, _ = peers
    site.put("/a/c?x=1", b"here")
    assert body(web_of(Site(site.base)), site.put("/a/b", status=302, headers={"location": "c?x=1"})) == b"here"  # fmt: skip  # noqa: E501


def test_redirects_in_a_circle_end(peers: tuple[Peer, Peer]) -> None:
    site, _ = peers
    asked = site.put("/a", status=302, headers={"location": "/a"})
    assert code(web_of(Site(site.base)), asked) == "download_circle"
    assert len(site.asked) == 11


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://example.com/x", "download_not_https"),
        ("file:///etc/passwd", "download_not_https"),
        ("https://127.0.0.1:1/x", "download_private"),
        ("https://[::1]:1/x", "download_private"),
        ("https://[::ffff:127.0.0.1]:1/x", "download_private"),
        ("https://169.254.169.254/latest/meta-data", "download_private"),
        ("https://2130706433/", "download_private"),
        ("https://localhost:1/x", "download_private"),
        ("https://user:word@example.com/x", "download_unknown"),
        ("https://", "download_unknown"),
    ],
)
def test_no_redirect_leads_astray(peers: tuple[Peer, Peer], target: str, expected: str) -> None:
    site, _ = peers
    asked = site.put("/a", status=302, headers={"location": target})
    web = web_of(Site(site.base, SECRET))
    assert code(web, asked) == expected
    assert code(web, target) == expected


def test_another_port_of_the_owners_machine_is_not_his_site(peers: tuple[Peer, Peer]) -> None:
    site, other = peers
    url = other.put("/x", b"secret").replace("http:", "https:")
    assert code(web_of(Site(site.base)), url) == "download_private"
    assert not other.asked


def test_a_name_that_leads_home_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up once: what was checked is what is connected to."""
    looked_up: list[str] = []

    def lookup(host: str, port: int, **more: Any) -> list[Any]:
        looked_up.append(host)
        addresses = ["93.184.216.34", "10.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert code(web_of(), "https://rebind.example/x") == "download_private"
    assert looked_up == ["rebind.example"]


def test_behind_a_proxy_figures_are_still_looked_at(
    peers: tuple[Peer, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, _ = peers
    monkeypatch.setenv("https_proxy", proxy.base)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for host in ("10.0.0.1", "[::1]", "localhost", "router"):
        assert code(web_of(), f"https://{host}/x") == "download_private"
    with pytest.raises(Broken):  # it does not do CONNECT
        body(web_of(), "https://example.com/x")
    assert not proxy.asked


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("name", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_objects_of_json(peers: tuple[Peer, Peer]) -> None:
    site, _ = peers
    web = web_of(Site(site.base))
    assert web.json(site.put("/x", b'{"a": [1]}')) == {"a": [1]}
    for wrong in (b"", b"[1]", b"<html>", b'{"a": NaN', b"\xff", b"[" * 100_000):
        with pytest.raises(UserError) as caught:
            web.json(site.put("/x", wrong))
        assert caught.value.problem.code == "download_no_answer"


def test_nobody_is_waited_for_that_is_not_wanted_any_more(peers: tuple[Peer, Peer]) -> None:
    class Stop(Exception):
        pass

    site, _ = peers
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stop

    web = Web([Site(site.base)], check, Waits(30, 30))
    url = site.put("/x", b"x", hang=60)
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stop):
        body(web, url)
    assert time.monotonic() - begun < 25


def test_a_line_that_breaks_or_is_silent(peers: tuple[Peer, Peer]) -> None:
    site, _ = peers
    web = web_of(Site(site.base))
    url = site.put("/x", b"x" * 10, cut=5)
    with pytest.raises(Broken):
        body(web, url)
    site.first("/x", Page(b"x", hang=20))
    with pytest.raises(Broken):
        body(web, url)
    site.first("/x", Page(status=503, headers={"retry-after": "7"}))
    with pytest.raises(Broken) as caught:
        body(web, url)
    assert caught.value.wait == 7


def test_a_way_to_the_login_is_no_file(peers: tuple[Peer, Peer]) -> None:
    site, _ = peers
    site.put("/login?to=x", b"<html>")
    asked = site.put("/x", status=307, headers={"location": "/login?to=x"})
    assert code(web_of(Site(site.base)), asked) == "download_login"


def test_a_proxy_is_told_its_own_password(
    peers: tuple[Peer, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, _ = peers
    monkeypatch.setenv("http_proxy", proxy.base.replace("//", "//me:word@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    site = "http://models.example"
    proxy.put(f"{site}/x", b"through")
    assert body(web_of(Site(site, SECRET)), f"{site}/x") == b"through"
    headers = proxy.asked[0].headers
    assert headers["proxy-authorization"] == "Basic bWU6d29yZA=="
    assert headers["authorization"] == f"Bearer {SECRET}"
    body(web_of(Site(proxy.base)), proxy.put("/here", b"x"))
    assert proxy.asked[-1].path == "/here", "this machine needs no proxy"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl, which is not here")
    key, made = tmp_path / "key", tmp_path / "made"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:TRUE"
    files = ["-keyout", str(key), "-out", str(made)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    both = tmp_path / "both"
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both


def test_who_cannot_prove_who_he_is_gets_no_token(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(certificate) as site:
        web = web_of(Site(site.base, SECRET))
        url = site.put("/x", b"x" * 1_000_000)
        assert code(web, url) == "download_untrusted"
        assert not site.asked
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert body(web, url) == b"x" * 1_000_000
        site.first("/x", Page(b"x" * 10, cut=5, hang=1.2))  # longer than one look
        slow = Web([Site(site.base)], nothing, Waits(5.0, 5.0))
        with pytest.raises(Broken):
            body(slow, url)
        lead_away = site.put("/y", status=302, headers={"location": "http://localhost:1/"})
        assert code(web, lead_away) == "download_not_https"
