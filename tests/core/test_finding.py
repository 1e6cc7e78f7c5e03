from importlib import metadata

from tests.core.test_plugins import SHOUT, extension
from webui.core import finding
from webui.core.finding import declared, found_folders, safe_mode
from webui.core.plugins import Extensions
from webui.core.settings import Settings


def test_folders_with_a_manifest_are_found_in_order(tmp_path):
    for name in ("bbb", "aaa"):
        extension(tmp_path, name)
    (tmp_path / "plain").mkdir()
    found = found_folders([tmp_path, tmp_path / "nowhere"])
    assert [name for name, folder in found if folder.parent == tmp_path] == ["aaa", "bbb"]


def test_python_packages_are_found_by_their_entry_point(tmp_path, monkeypatch):
    extension(tmp_path / "site" / "outer", "inner_package", SHOUT, name="shout")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    points = [
        metadata.EntryPoint("shout", "outer.inner_package", finding.GROUP),
        metadata.EntryPoint("lost", "no_such_package_here", finding.GROUP),
    ]
    monkeypatch.setattr(finding, "entry_points", lambda group: points)
    assert found_folders([]) == [("shout", tmp_path / "site" / "outer" / "inner_package")]
    (info,) = Extensions([], "worker").infos()
    assert (info.name, info.state) == ("shout", "enabled")


def test_safe_mode_is_said_by_the_environment():
    assert safe_mode({"EASEL_SAFE": "1"})
    assert not safe_mode({"EASEL_SAFE": ""}) and not safe_mode({})


def test_architectures_are_told_by_manifests_alone(tmp_path):
    for name, order in (("late", 2), ("early", 1), ("off", 0)):
        extension(tmp_path, name, "raise SystemExit('it ran')", order=order)
        with (tmp_path / name / "extension.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[[families]]\nname = "{name}"\nmarks = ["x."]\n')
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "extension.toml").write_text("[", encoding="utf-8")
    told = declared([tmp_path], Settings(disabled_extensions=("off",)))()
    assert [(name, one.name) for name, one in told] == [("early", "early"), ("late", "late")]
