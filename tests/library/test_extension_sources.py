import os
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.core.test_plugins import SHOUT, extension
from webui.core.errors import UserError, worded
from webui.library import extension_sources
from webui.library.extension_sources import fetch


@pytest.fixture
def shout(tmp_path: Path) -> Path:
    extension(tmp_path / "made", "shout", SHOUT)
    (tmp_path / "made/shout/.git").mkdir()
    (tmp_path / "made/shout/.git/config").write_text("secret", encoding="utf-8")
    return tmp_path / "made" / "shout"


def names(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_a_folder_is_copied_without_what_is_not_its_own(shout: Path, tmp_path: Path):
    fetched = fetch(str(shout), tmp_path / "staged")
    assert names(fetched.folder) == ["extension.toml", "server.py"]
    assert (fetched.source, fetched.revision) == (str(shout), None)


@pytest.mark.parametrize("top", ["", "shout-main/"])
def test_a_zip_file_may_have_a_folder_on_top(shout: Path, tmp_path: Path, top: str):
    files = {f"{top}extension.toml": (shout / "extension.toml").read_text(encoding="utf-8")}
    fetched = fetch(str(zipped(tmp_path / "a.zip", files)), tmp_path / "staged")
    assert names(fetched.folder) == ["extension.toml"]


def test_a_git_address_tells_its_revision(shout: Path, tmp_path: Path):
    (shout / ".git/config").unlink()
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run(["git", *who, *command], cwd=shout, check=True)
    (tmp_path / "staged").mkdir()
    fetched = fetch(f"git+file://{shout}", tmp_path / "staged")
    assert names(fetched.folder) == ["extension.toml", "server.py"]
    assert fetched.revision and len(fetched.revision) == 40
    with pytest.raises(UserError, match="No extension can be taken"):
        fetch(f"file://{tmp_path}/nowhere", tmp_path / "staged")


@pytest.mark.parametrize(
    "source", ["nowhere", "ext::sh -c touch% evil", "--upload-pack=evil", "http://x", ""]
)
def test_what_is_no_place_is_refused(tmp_path: Path, monkeypatch, source: str):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="No extension can be taken") as raised:
        fetch(source, tmp_path / "staged")
    problem = raised.value.problem
    assert worded(problem, "en") == str(raised.value)
    assert ("to nie folder" if source else "nie ma w nim pliku") in worded(problem, "pl")


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py"])
def test_odd_paths_in_a_zip_file_are_refused(tmp_path: Path, name: str):
    path = zipped(tmp_path / "a.zip", {"extension.toml": "", name: "evil"})
    with pytest.raises(UserError, match="the odd path"):
        fetch(str(path), tmp_path / "staged")
    assert not list(tmp_path.parent.glob("evil.py"))


def test_links_are_refused(shout: Path, tmp_path: Path):
    os.symlink("/etc/passwd", shout / "link")
    with pytest.raises(UserError, match="there is a link"):
        fetch(str(shout), tmp_path / "staged")
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="the odd path"):
        fetch(str(tmp_path / "b.zip"), tmp_path / "staged2")


def test_what_is_too_large_or_has_no_manifest_is_refused(shout: Path, tmp_path: Path, monkeypatch):
    with pytest.raises(UserError, match="there is no extension.toml"):
        fetch(str(tmp_path), tmp_path / "staged")
    monkeypatch.setattr(extension_sources, "MOST_BYTES", 100)
    with pytest.raises(UserError, match="it is too large"):
        fetch(str(shout), tmp_path / "staged")
    with pytest.raises(UserError, match="it is too large"):
        fetch(str(zipped(tmp_path / "a.zip", {"x": "x" * 200})), tmp_path / "staged")
