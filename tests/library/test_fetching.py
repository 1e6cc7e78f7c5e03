"""Whatever a server does: in the end the file is there as it should be, or one sentence is."""

import hashlib
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.library.peer import Page, Peer, serving
from webui.core.errors import UserError
from webui.core.events import Phase
from webui.library.fetching import ROOM, Fetch, Fetched, Patience, Wanted, check_room
from webui.library.web import Site, Waits, Web

BODY = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(BODY).hexdigest()
PATH = "/a/b/model"
QUICK = Patience(first=0.5, most=1.0, back_off=(0.01,))


class Given(Exception):
    """The user stopped it."""


class Follower:
    """Follows a download; may stop it when so many bytes are there."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.told: list[tuple[int, int | None]] = []
        self.kept = 0
        self.stop_at = stop_at

    def check(self) -> None:
        if self.stop_at is not None and self.told and self.told[-1][0] >= self.stop_at:
            raise Given

    def tell(self, phase: Phase, done: int, total: int | None) -> None:
        assert phase == "downloading"
        self.told.append((done, total))

    def keep(self) -> None:
        self.kept += 1


class Bench(NamedTuple):
    peer: Peer
    folder: Path

    def fetch(self, follower: Follower | None = None, path: str = PATH, **more: Any) -> Fetched:
        follower = follower or Follower()
        web = Web([Site(self.peer.base)], follower.check, Waits(1.0, 0.3))
        look = more.pop("look", None)
        wanted = Wanted(self.peer.base + path, "model", **more)
        return Fetch(web, wanted, self.folder / "k.part", follower, QUICK, look).run()

    def fails(self, **more: Any) -> str:
        with pytest.raises(UserError) as caught:
            self.fetch(**more)
        return caught.value.problem.code

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Generator[Bench]:
    with serving() as peer:
        yield Bench(peer, tmp_path)


def test_a_file_comes_with_its_hash_and_its_headers(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, headers={"etag": '"1"', "content-disposition": "x"})
    follower = Follower()
    got = bench.fetch(follower)
    assert got.path.read_bytes() == BODY
    assert (got.size, got.sha256) == (len(BODY), SHA256)
    assert got.disposition == "x"
    assert follower.told[-1] == (len(BODY), len(BODY))
    assert follower.kept


@pytest.mark.parametrize(
    "headers", [{"etag": '"1"'}, {"last-modified": "Mon, 01 Jan 2024 00:00:00 GMT"}]
)
def test_a_broken_line_is_gone_on_with_where_it_broke(
    bench: Bench, headers: dict[str, str]
) -> None:
    bench.peer.put(PATH, BODY, headers=headers)
    bench.peer.first(PATH, *(Page(BODY, headers=headers, cut=100_000) for _ in range(3)))
    assert bench.fetch().sha256 == SHA256
    assert bench.peer.ranges() == [None, *(f"bytes={n}00000-" for n in (1, 2, 3))]
    marks = [one.headers.get("if-range") for one in bench.peer.asked]
    assert marks == [None, *[next(iter(headers.values()))] * 3]


def test_what_a_killed_or_stopped_download_left_is_gone_on_with(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, headers={"etag": '"1"'}, paced=20_000)
    with pytest.raises(Given):
        bench.fetch(Follower(stop_at=100_000))
    left = (bench.folder / "k.part").stat().st_size
    assert 100_000 <= left < len(BODY)
    bench.peer.put(PATH, BODY, headers={"etag": '"1"'})
    assert bench.fetch().sha256 == SHA256
    assert bench.peer.ranges() == [None, f"bytes={left}-"]


def test_a_file_that_is_all_there_is_not_asked_for_again(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, headers={"etag": '"1"'})
    bench.fetch()
    assert bench.fetch().sha256 == SHA256
    assert len(bench.peer.asked) == 1


@pytest.mark.parametrize("marks", [({"etag": '"1"'}, {"etag": '"2"'}), ({}, {})])
def test_a_file_that_changed_in_between_comes_anew(
    bench: Bench, marks: tuple[dict[str, str], dict[str, str]]
) -> None:
    bench.peer.put(PATH, BODY, headers=marks[1])
    bench.peer.first(PATH, Page(b"\xff" * len(BODY), headers=marks[0], cut=100_000))
    assert bench.fetch().path.read_bytes() == BODY


def test_a_server_that_gives_a_part_of_another_file_is_asked_anew(bench: Bench) -> None:
    """It ignores If-Range, as some do."""
    bench.peer.put(PATH, BODY, headers={"etag": '"2"'})
    other = {"etag": '"1"'}
    wrong = {"etag": '"2"', "content-range": f"bytes 100000-{len(BODY) - 1}/{len(BODY)}"}
    bench.peer.first(
        PATH,
        Page(b"\xff" * len(BODY), headers=other, cut=100_000),
        Page(BODY[100_000:], status=206, headers=wrong),
    )
    assert bench.fetch().path.read_bytes() == BODY


def test_a_server_without_ranges_begins_anew(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, headers={"etag": '"1"'}, ranges=False)
    bench.peer.first(PATH, Page(BODY, headers={"etag": '"1"'}, cut=100_000))
    got = bench.fetch()
    assert got.path.read_bytes() == BODY
    assert got.sha256 == SHA256


def test_a_part_that_is_too_long_begins_anew(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, headers={"etag": '"1"'}, claimed=-1)
    bench.fetch()
    with (bench.folder / "k.part").open("ab") as file:
        file.write(b"more")
    assert bench.fetch().path.read_bytes() == BODY


def test_a_file_of_unknown_length_comes(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, claimed=-1)
    follower = Follower()
    assert bench.fetch(follower).sha256 == SHA256
    assert follower.told[-1] == (len(BODY), None)


def test_a_server_that_promises_more_than_it_has_is_given_up(bench: Bench) -> None:
    bench.peer.put(PATH, BODY, claimed=len(BODY) + 5, ranges=False)
    assert bench.fails() == "download_broken"


@pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1, 1])
def test_another_size_than_was_told_is_no_file(bench: Bench, size: int) -> None:
    bench.peer.put(PATH, BODY)
    assert bench.fails(size=size) == "download_size"
    bench.peer.put(PATH, BODY, claimed=-1)
    assert bench.fails(size=size) == "download_size"
    assert bench.left() == []


def test_a_wrong_hash_leaves_nothing(bench: Bench) -> None:
    bench.peer.put(PATH, BODY)
    assert bench.fails(sha256="0" * 64) == "download_hash"
    assert bench.left() == []
    assert bench.fetch(sha256=SHA256.upper()).sha256 == SHA256


def test_a_look_at_the_first_bytes_can_end_it(bench: Bench) -> None:
    def look(head: bytes) -> None:
        if not head.startswith(b"GGUF"):
            raise UserError("download_no_model", name="model")

    bench.peer.put(PATH, b"<html>" * 10_000_000, paced=65_536)
    assert bench.fails(look=look) == "download_no_model"
    bench.peer.put(PATH, b"<html>")
    assert bench.fails(look=look) == "download_no_model"
    assert bench.left() == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(bench: Bench, status: int) -> None:
    bench.peer.put(PATH, BODY)
    bench.peer.first(PATH, Page(status=status), Page(status=status))
    assert bench.fetch().sha256 == SHA256
    bench.peer.put(PATH, status=status)
    (bench.folder / "k.part").unlink()
    assert bench.fails() == "download_broken"


def test_a_server_that_asks_for_time_gets_it(bench: Bench) -> None:
    bench.peer.put(PATH, BODY)
    bench.peer.first(PATH, Page(BODY, cut=1000), Page(status=429, headers={"retry-after": "0"}))
    assert bench.fetch().sha256 == SHA256
    (bench.folder / "k.part").unlink()
    bench.peer.first(PATH, Page(status=429, headers={"retry-after": "3600"}))
    begun = time.monotonic()
    assert bench.fails() == "download_broken"
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "download_login"),
        (403, "download_forbidden"),
        (404, "download_missing"),
        (410, "download_missing"),
        (451, "download_status"),
    ],
)
def test_a_no_is_a_no(bench: Bench, status: int, code: str) -> None:
    bench.peer.put(PATH, status=status)
    assert bench.fails() == code
    assert len(bench.peer.asked) == 1


def test_a_silent_server_is_asked_again_and_then_given_up(bench: Bench) -> None:
    headers = {"etag": '"1"'}
    bench.peer.put(PATH, BODY, headers=headers)
    bench.peer.first(PATH, Page(BODY, headers=headers, cut=50_000, hang=30))
    assert bench.fetch().sha256 == SHA256
    (bench.folder / "k.part").unlink()
    bench.peer.put(PATH, BODY, hang=30)
    assert bench.fails() == "download_broken"


def test_nobody_there(bench: Bench) -> None:
    bench.peer.base = "http://127.0.0.1:9"
    assert bench.fails() == "download_broken"


def test_a_disk_without_room_is_told_before_anything_comes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int = ROOM + 1000

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage())
    bench.peer.put(PATH, BODY)
    assert bench.fails() == "download_no_room"
    check_room(bench.folder, 1000)


def test_a_folder_that_cannot_be_written(bench: Bench) -> None:
    bench.peer.put(PATH, BODY)
    (bench.folder / "k.part").mkdir()
    assert bench.fails() in ("cannot_save", "folder_forbidden")


def test_a_disk_that_fills_on_the_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int = ROOM

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage())
    monkeypatch.setattr("webui.library.fetching._LOOKED_AFTER", 100_000)
    bench.peer.put(PATH, BODY, claimed=-1)
    assert bench.fails() == "download_no_room"
