"""Files are there whole or not at all, nothing is overwritten, every failure has its sentence."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from webui.core import files
from webui.core.errors import UserError
from webui.core.files import keep_new, save_atomically, write_atomically


def test_a_taken_name_gets_the_next_number(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    paths = [save_atomically(folder, "a.b.png", bytes([n])) for n in range(3)]
    assert [path.name for path in paths] == ["a.b.png", "a.b-1.png", "a.b-2.png"]
    assert [path.read_bytes() for path in paths] == [b"\0", b"\1", b"\2"]
    assert sorted(folder.iterdir()) == sorted(paths)


def test_savers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    def save(number: int) -> None:
        for _ in range(20):
            save_atomically(tmp_path, "x.png", bytes([number]))

    threads = [Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = sorted(path.read_bytes() for path in tmp_path.iterdir())
    assert contents == sorted(bytes([number]) for number in range(4) for _ in range(20))


def test_it_works_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    names = [save_atomically(tmp_path, "x", b"").name for _ in range(2)]
    assert names == ["x", "x-1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_replacing_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(UserError, match=r"no space left for settings\.json"):
        write_atomically(path, b"newer")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def failing(number: int):
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EROFS, "is read-only; choose another folder"),
        (errno.EACCES, "may not write to"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_each_failure_is_one_sentence(
    number: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(UserError, match=words) as caught:
        save_atomically(tmp_path, "x.png", b"x")
    assert "x.png" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_name_too_long_and_a_folder_that_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="too long"):
        save_atomically(tmp_path, "x" * 300, b"x")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="could not be saved"):
        save_atomically(tmp_path / "file", "x", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_pictures_are_as_open_as_the_user_likes_and_state_is_private(tmp_path: Path) -> None:
    write_atomically(tmp_path / "state", b"")
    saved = save_atomically(tmp_path, "picture", b"")
    (tmp_path / "usual").touch()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600
    assert saved.stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("same_disk", [True, False])
def test_what_is_made_elsewhere_is_moved_to_a_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_disk: bool
) -> None:
    monkeypatch.setattr(files, "_same_disk", lambda one, other: same_disk)
    folder = tmp_path / "new" / "folder"
    for number, name in enumerate(["a.bin", "a-1.bin"]):
        (made := tmp_path / "made").write_bytes(bytes([number]))
        path = keep_new(made, folder, "a.bin")
        assert (path.name, path.read_bytes(), made.exists()) == (name, bytes([number]), False)
    for name in ("a.model", "a-1.model"):
        (made := tmp_path / "made" / "deep").mkdir(parents=True)
        (made / "x").write_text(name)
        path = keep_new(made.parent, folder, "a.model")
        assert (path.name, (path / "deep" / "x").read_text()) == (name, name)
        assert not made.parent.exists()
    assert len(list(folder.iterdir())) == 4


def test_what_cannot_be_moved_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(one: Path, other: Path) -> None:
        other.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files, "_same_disk", lambda one, other: False)
    monkeypatch.setattr("shutil.copyfile", full)
    (made := tmp_path / "made").write_bytes(b"x")
    with pytest.raises(UserError, match="no space left"):
        keep_new(made, tmp_path / "to", "a")
    assert made.read_bytes() == b"x"
    assert not list((tmp_path / "to").iterdir())
