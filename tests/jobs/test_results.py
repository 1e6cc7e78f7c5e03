"""A picture is a result whole, once, or not at all, wherever the process dies."""

import errno
import os
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.fake_worker import picture
from tests.jobs.setting import check_integrity, paths_in
from webui.core.animation import Animation
from webui.core.errors import UnknownId, UserError
from webui.core.events import Interrupted
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Made
from webui.jobs import records
from webui.jobs import results as module
from webui.jobs.ledger import Ledger
from webui.jobs.records import Writing
from webui.jobs.results import Results, Unsaved
from webui.timeline.settings_file import read_settings


def made(token: int, index: int) -> Made:
    return Made(token=token, index=index, width=8, height=8, seed=5, seconds=1, infotext="x")


def started(ledger: Ledger, images: int = 2) -> int:
    """A job that runs; the token of its lease."""
    with ledger.write() as writing:
        request = Txt2Img(prompt="a fox", batch_count=images, model="m", steps=7)
        writing.add_job("job", "owner", request, 0, 1.0)
        return writing.begin("job", 1.0)


def interrupt(ledger: Ledger) -> None:
    with ledger.write() as writing:
        problem = UserError("server_stopped").problem
        writing.end(Interrupted(job="job", attempt=1, problem=problem), 2.0)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_names_follow_the_pattern_and_are_never_taken_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger, 5)
    pattern = ["[number]-[seed]"]
    results = Results(
        ledger,
        tmp_path / "outputs",
        lambda: Settings(file_name=pattern[0]),
        lambda model: f"hash of {model}",
    )
    results.commit(made(token, 0), b"0")
    results.commit(made(token, 1), b"1")
    pattern[0] = "[model_hash]/[steps] [prompt]"
    results.commit(made(token, 2), b"2")
    results.commit(made(token, 3).model_copy(update={"format": "jpeg"}), b"3")
    results.commit(made(token, 4), b"4")
    day = next((tmp_path / "outputs" / "txt2img").iterdir())
    with ledger.read() as reading:
        pictures = reading.job("job").pictures
    assert [Path(one.file or "").relative_to(day).as_posix() for one in pictures] == [
        *["00000-5.png", "00001-5.png"],
        *["hash of m/7 a_fox.png", "hash of m/7 a_fox.jpg", "hash of m/7 a_fox-1.png"],
    ]
    assert [one.media_type for one in pictures][2:4] == ["image/png", "image/jpeg"]
    assert [results.data(one.id) for one in pictures] == [b"0", b"1", b"2", b"3", b"4"]
    ledger.close()


def test_who_has_no_lease_or_comes_twice_commits_nothing(tmp_path: Path) -> None:
    told: list[object] = []
    ledger = Ledger(tmp_path / "ledger.sqlite", told.extend)
    token = started(ledger)
    results = Results(ledger, tmp_path / "outputs")
    results.commit(made(token, 0), b"right")
    before = list(told)
    results.commit(made(token, 0), b"again")
    results.commit(made(token - 1, 1), b"late")
    results.commit(made(token + 1, 1), b"never was")
    results.commit(made(token, 2), b"more than asked for")
    results.commit(made(token, -1), b"less")
    interrupt(ledger)
    results.commit(made(token, 1), b"late")
    assert told[: len(before)] == before
    assert len(told) == len(before) + 1
    assert [path.read_bytes() for path in files(tmp_path / "outputs")] == [b"right"]
    ledger.close()


def test_a_lease_that_ends_while_the_file_is_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger)
    link = os.link

    def end_then_link(*paths: str) -> None:
        interrupt(ledger)
        link(*paths)

    monkeypatch.setattr(os, "link", end_then_link)
    Results(ledger, tmp_path / "outputs").commit(made(token, 0), b"late")
    assert files(tmp_path / "outputs") == []
    with ledger.read() as reading:
        assert reading.job("job").pictures == ()
        assert reading.pending() == []
    ledger.close()


def test_a_lease_that_ends_before_anything_is_written_reserves_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger)

    def end_then_name() -> Settings:
        interrupt(ledger)
        return Settings()

    Results(ledger, tmp_path / "outputs", end_then_name).commit(made(token, 0), b"late")
    assert list(tmp_path.rglob("outputs/**/*")) == []
    with ledger.read() as reading:
        assert reading.made("job") == ()
    ledger.close()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EROFS, "folder_read_only"),
        (errno.EACCES, "folder_forbidden"),
        (errno.EIO, "cannot_save"),
    ],
)
def test_what_cannot_be_saved_is_kept_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger)
    results = Results(ledger, tmp_path / "outputs")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        results.commit(made(token, 0), b"0")
    results.commit(made(token, 1), b"1")
    with ledger.read() as reading:
        first, second = reading.job("job").pictures
        assert reading.pending() == []
    assert first.file is None
    assert first.problem and first.problem.code == code
    assert second.problem is None
    assert (results.data(first.id), results.data(second.id)) == (b"0", b"1")
    assert files(tmp_path / "outputs") == [Path(second.file or "")]
    ledger.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_forbidden(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger)
    (tmp_path / "outputs").mkdir(mode=0o000)
    Results(ledger, tmp_path / "outputs").commit(made(token, 0), b"0")
    with ledger.read() as reading:
        (one,) = reading.job("job").pictures
    assert one.problem and one.problem.code == "folder_forbidden"
    (tmp_path / "outputs").chmod(0o700)
    ledger.close()


def test_a_file_that_was_moved_away_is_said_to_be_gone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger)
    results = Results(ledger, tmp_path / "outputs")
    results.commit(made(token, 0), b"0")
    (path,) = files(tmp_path / "outputs")
    path.unlink()
    with pytest.raises(UnknownId, match=f"{path.name} is not in .* any more"):
        results.data("job-0")
    path.mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        results.data("job-0")
    ledger.close()


def test_memory_is_bounded() -> None:
    unsaved = Unsaved(100)
    for number in range(10):
        unsaved.keep(str(number), bytes([number]) * 30)
    assert [unsaved.get(str(number))[0] for number in (7, 8, 9)] == [7, 8, 9]
    with pytest.raises(UnknownId):
        unsaved.get("6")
    unsaved.keep("huge", bytes(101))
    with pytest.raises(UnknownId):
        unsaved.get("huge")


def settled(folder: Path) -> int:
    """Start anew after a death; nothing is halfway. How many pictures there are."""
    ledger = Ledger(folder / "ledger.sqlite")
    results = Results(ledger, folder / "outputs")
    results.settle()
    with ledger.read() as reading:
        assert reading.pending() == []
        pictures = reading.job("job").pictures
        events = reading.events(None, 0, reading.last_event(), 99)
    done = [one.event.picture for one in events if one.event.kind == "image_done"]
    assert done == list(pictures)
    assert [one.index for one in pictures] == list(range(len(pictures)))
    assert files(folder / "outputs") == sorted(Path(one.file or "") for one in pictures)
    for one in pictures:
        assert results.data(one.id) == picture("job", one.index)
    ledger.close()
    return len(pictures)


class Killed(BaseException):
    """The process is no more: nothing that is tried after this has an effect either."""


class Deadly:
    """Makes every way to change a file, and both ends of a transaction, a point to die at."""

    def __init__(self, point: int, patch: pytest.MonkeyPatch) -> None:
        self.left = point
        for name in ("open", "mkdir", "link", "rename", "unlink", "fsync"):
            patch.setattr(os, name, self.watched(getattr(os, name)))
        patch.setattr(Ledger, "write", self.watched_write(Ledger.write))

    def pass_by(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise Killed

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.pass_by()
            return function(*args, **named)

        return call

    def watched_write(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def call(ledger: Ledger) -> Generator[Writing]:
            with write(ledger) as writing:
                yield writing
                self.pass_by()  # not committed yet
            self.pass_by()

        return call


def test_dying_at_any_point_leaves_a_whole_result_or_none(tmp_path: Path) -> None:
    """Every point of two commits in turn; the next process settles and goes on."""

    def commit(folder: Path, token: int) -> None:
        with closing(Ledger(folder / "ledger.sqlite")) as ledger:
            results = Results(ledger, folder / "outputs")
            for index in range(2):
                results.commit(made(token, index), picture("job", index))

    counts: list[int] = []
    survived = False
    while not survived:
        folder = tmp_path / str(len(counts))
        with closing(Ledger(folder / "ledger.sqlite")) as ledger:
            token = started(ledger)
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            Deadly(len(counts) + 1, patch)
            commit(folder, token)
            survived = True
        counts.append(settled(folder))
        commit(folder, token)
        assert settled(folder) == 2
    assert len(counts) > 20
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2}


def test_settling_leaves_other_peoples_files_alone(tmp_path: Path) -> None:
    """Somebody else took the reserved name before our file had it."""
    paths = paths_in(tmp_path)
    ledger = Ledger(paths.ledger)
    token = started(ledger)
    results = Results(ledger, paths.outputs)
    results.commit(made(token, 0), b"ours")
    (path,) = files(paths.outputs)
    with ledger.write() as writing:
        writing._db.execute("UPDATE pictures SET state = 'pending'")
    path.write_bytes(b"theirs")
    (path.parent / ".0123456789abcdef.part").touch()
    (path.parent / ".0123.part").touch()
    results.settle()
    with ledger.read() as reading:
        assert reading.job("job").pictures == ()
        assert reading.pending() == []
    assert path.read_bytes() == b"theirs"
    assert {one.name for one in files(paths.outputs)} == {path.name, ".0123.part"}
    ledger.close()
    check_integrity(paths)


def animated(ledger: Ledger, frames: int, **settings: Any) -> int:
    given = {"prompts": {"0": "a fox"}, "compat": "native", **settings}
    with ledger.write() as writing:
        writing.add_job("job", "owner", Animation(settings=given, frames=frames), 0, 1.0)
        return writing.begin("job", 1.0)


def test_the_settings_lie_beside_the_frames(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = animated(ledger, 3, zoom="1.02", seed=9)
    results = Results(ledger, tmp_path / "outputs")
    for index in range(3):
        results.commit(made(token, index), b"frame")
    *frames, settings = files(tmp_path / "outputs")
    assert settings.name == frames[0].name.replace("_000000000.png", "_settings.txt")
    assert len(frames) == 3
    read = read_settings(settings.read_text(encoding="utf-8"))
    assert read.native and read.values["zoom"] == "1.02" and read.values["seed"] == 9
    assert not read.errors and not read.unknown
    ledger.close()


def test_those_of_one_second_have_a_folder_each(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    results = Results(ledger, tmp_path / "outputs")
    request = Animation(settings={"prompts": {"0": "a fox"}, "compat": "native"}, frames=2)
    for id, when in (("a", 9.9), ("b", 10.2), ("c", 10.8), ("d", 11.0)):
        with ledger.write() as writing:
            writing.add_job(id, "owner", request, 0, when)
            token = writing.begin(id, when)
        for index in range(2):
            results.commit(made(token, index), b"frame")
    found = files(tmp_path / "outputs")
    folders = {one.parent.name: one.name for one in found if one.name.endswith("_000000001.png")}
    assert [name[14:] for name in sorted(folders)] == ["", "", "-2", ""]
    assert all(name == f"{folder}_000000001.png" for folder, name in folders.items())
    assert len(found) == 4 * 3
    ledger.close()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("", "{stamp}"),
        ("Deforum_{timestring}", "Deforum_{stamp}"),
        ("{SEED} of {max_frames}", "9_of_3"),
        ("../../x", ".._.._x"),
        ("..", "_"),
    ],
)
def test_the_folder_has_the_name_that_the_settings_ask_for(
    tmp_path: Path, name: str, folder: str
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = animated(ledger, 3, seed=9, max_frames=3, batch_name=name)
    Results(ledger, tmp_path / "outputs").commit(made(token, 0), b"frame")
    frame, settings = files(tmp_path / "outputs")
    stamp = frame.name.removesuffix("_000000000.png")
    assert len(stamp) == 14 and stamp.isdigit()
    assert frame.parent.name == folder.format(stamp=stamp) and settings.parent == frame.parent
    assert frame.parent.parent.parent == tmp_path / "outputs" / "animation"
    ledger.close()


def test_settings_that_cannot_be_written_cost_no_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = animated(ledger, 1)
    monkeypatch.setattr(module, "write_settings", lambda _: "x" * 10)
    save = module.save_atomically

    def full(folder: Path, name: str, *rest: Any) -> Path:
        if name.endswith(".txt"):
            raise UserError("disk_full", name=name, folder=str(folder))
        return save(folder, name, *rest)

    monkeypatch.setattr(module, "save_atomically", full)
    Results(ledger, tmp_path / "outputs").commit(made(token, 0), b"frame")
    assert [path.suffix for path in files(tmp_path / "outputs")] == [".png"]
    ledger.close()


def test_a_frame_costs_the_same_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    token = started(ledger, 2)
    results = Results(ledger, tmp_path / "outputs")
    results.commit(made(token, 0), b"0")

    def never(*_: object) -> None:
        raise AssertionError("the pictures that are there are read again")

    for read in ("last_of", "count_of", "page_of"):
        monkeypatch.setattr(records, read, never)
    results.commit(made(token, 1), b"1")
    ledger.close()
