"""Getting and unpacking npm packages."""

import tarfile
from pathlib import Path

import pytest

from tools.demo.packages import fetch_packages, package_folder, unpack
from tools.demo.words import Source

SOURCE = Source(version="1.2.3", kind="icons", licence="MIT")


def test_an_archive_is_unpacked_without_its_outer_folder(tmp_path: Path) -> None:
    inner = tmp_path / "icons.json"
    inner.write_text("{}", encoding="utf-8")
    archive = tmp_path / "some.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(inner, "package/icons.json")
    unpack(archive, tmp_path / "some")
    assert (tmp_path / "some" / "icons.json").read_text(encoding="utf-8") == "{}"
    assert not archive.exists()


def test_an_archive_that_is_cut_off_leaves_no_folder(tmp_path: Path) -> None:
    archive = tmp_path / "some.tgz"
    archive.write_bytes(b"\x1f\x8b\x08 not an archive")
    with pytest.raises((tarfile.TarError, OSError, EOFError)):
        unpack(archive, tmp_path / "some")
    assert not (tmp_path / "some").exists()


def test_without_npm_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"install Node\.js"):
        fetch_packages(tmp_path, {"@some/set": SOURCE})


def test_a_package_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = package_folder(tmp_path, "@some/set", SOURCE)
    folder.mkdir(parents=True)
    assert folder.name == "some-set-1.2.3"
    fetch_packages(tmp_path, {"@some/set": SOURCE})
