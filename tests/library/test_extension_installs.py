from pathlib import Path

import pytest

from tests.core.test_plugins import extension
from webui.core.errors import UnknownId, UserError
from webui.core.paths import Paths
from webui.library.extension_installs import Installs

EVIL = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"


@pytest.fixture
def installs(tmp_path: Path) -> Installs:
    return Installs.of(Paths.choose(tmp_path / "data"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    extension(tmp_path, "paint", EVIL)
    (tmp_path / "paint" / "old.py").write_text("1", encoding="utf-8")
    return tmp_path / "paint"


def release(source: Path, version: str) -> None:
    manifest = source / "extension.toml"
    text = manifest.read_text(encoding="utf-8").replace("'1.0'", f"'{version}'")
    manifest.write_text(text, encoding="utf-8")


def test_nothing_is_there_before_consent_and_nothing_runs(installs: Installs, source: Path):
    plan = installs.plan(str(source))
    assert (plan.manifest.name, plan.before, plan.files) == ("paint", None, 3)
    assert not installs.folder.exists()
    record = installs.install(plan.id)
    assert (record.version, record.source) == ("1.0", str(source))
    assert (installs.folder / "paint" / "server.py").is_file()
    assert not list(installs.folder.rglob("ran")) and not list(installs.state.rglob("ran"))
    with pytest.raises(UnknownId):
        installs.install(plan.id)


def test_an_update_shows_what_changes_and_can_be_undone(installs: Installs, source: Path):
    installs.install(installs.plan(str(source)).id)
    release(source, "2.0")
    (source / "old.py").unlink()
    (source / "new.py").write_text("2", encoding="utf-8")
    plan = installs.plan_update("paint")
    assert (plan.before, plan.manifest.version) == ("1.0", "2.0")
    assert (plan.added, plan.changed, plan.removed) == (
        ("new.py",),
        ("extension.toml",),
        ("old.py",),
    )
    installs.install(plan.id)
    assert (installs.folder / "paint" / "new.py").is_file()
    assert installs.restore("paint") == "1.0"
    assert (installs.folder / "paint" / "old.py").is_file()
    assert installs.restore("paint") == "2.0", "back and forth"


def test_a_removal_can_be_undone(installs: Installs, source: Path):
    installs.install(installs.plan(str(source)).id)
    installs.remove("paint")
    assert not (installs.folder / "paint").exists()
    assert installs.restore("paint") == "1.0"
    assert (installs.folder / "paint" / "server.py").is_file()


def test_what_came_with_the_program_is_neither_replaced_nor_removed(
    installs: Installs, tmp_path: Path
):
    extension(tmp_path / "other", "wildcards")
    with pytest.raises(UserError) as raised:
        installs.plan(str(tmp_path / "other" / "wildcards"))
    assert raised.value.problem.code == "extension_twice"
    for act in (installs.remove, installs.plan_update, installs.restore):
        for name in ("wildcards", "nothing", "../x"):
            with pytest.raises(UnknownId):
                act(name)


def test_in_a_clone_what_came_with_it_is_safe_too(tmp_path: Path):
    extension(tmp_path / "extensions", "wildcards")
    extension(tmp_path / "other", "wildcards")
    clone = Installs(tmp_path / "extensions", tmp_path / "state")
    with pytest.raises(UserError, match="two extensions"):
        clone.plan(str(tmp_path / "other" / "wildcards"))
    with pytest.raises(UnknownId):
        clone.remove("wildcards")
    assert (tmp_path / "extensions" / "wildcards" / "extension.toml").is_file()


@pytest.mark.parametrize("id", ["nothing", "../../x", ""])
def test_a_plan_that_there_is_not(installs: Installs, id: str):
    with pytest.raises(UnknownId):
        installs.install(id)


def test_a_plan_that_fails_leaves_nothing(installs: Installs, tmp_path: Path):
    extension(tmp_path, "paint", api=9)
    with pytest.raises(UserError, match="api 9"):
        installs.plan(str(tmp_path / "paint"))
    assert list((installs.state / "plans").iterdir()) == []


def test_requirements_are_names_and_versions_only(installs: Installs, tmp_path: Path):
    for number, wrong in enumerate(("--index-url http://x", "a @ http://x/a.whl", "./local")):
        extension(tmp_path / str(number), "paint", requires=[wrong])
        with pytest.raises(UserError, match="requires"):
            installs.plan(str(tmp_path / str(number) / "paint"))
