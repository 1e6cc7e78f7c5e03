import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.library.extension_packages import Package, packages_needed


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch) -> Path:
    """A folder of wheels in the place of the net."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path


def wheel(shelf: Path, name: str, version: str, needs: str = "") -> None:
    info = f"{name}-{version}.dist-info"
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    told += f"Requires-Dist: {needs}\n" if needs else ""
    with zipfile.ZipFile(shelf / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", told)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_without_requirements_pip_is_not_asked(monkeypatch):
    monkeypatch.setattr("subprocess.run", None)
    assert packages_needed("x", ()) == ()


def test_what_is_missing_is_told_and_not_installed(shelf: Path):
    wheel(shelf, "easelexample", "1.2", needs="pydantic")
    needed = packages_needed("x", ["easelexample>=1", "pydantic"])
    assert needed == (Package(name="easelexample", version="1.2"),)
    assert all(one.name != "easelexample" for one in distributions())


def test_what_would_change_what_is_installed_is_refused(shelf: Path):
    wheel(shelf, "pydantic", "1.0")
    with pytest.raises(UserError) as raised:
        packages_needed("x", ["pydantic<2"])
    assert raised.value.problem.code == "extension_conflict"
    assert "x needs pydantic<2, but pydantic==" in str(raised.value)
