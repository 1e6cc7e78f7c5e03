import json
from pathlib import Path

import pytest

from tests.cli.test_extensions import shell
from tests.core.test_plugins import SHOUT, extension
from webui.core.paths import Paths


@pytest.fixture
def source(tmp_path: Path) -> Path:
    extension(tmp_path / "made", "shout", SHOUT, permissions=["network"])
    return tmp_path / "made" / "shout"


def test_without_consent_nothing_is_installed(data_folder: Paths, source: Path, capsys):
    assert shell(data_folder, "install", str(source)) == 1
    told = capsys.readouterr()
    assert "shout 1.0" in told.out and "Uses: network" in told.out and "2 files" in told.out
    assert "--yes" in told.err
    assert not data_folder.own_extensions.exists()


def test_install_update_remove_restore(data_folder: Paths, source: Path, capsys):
    assert shell(data_folder, "install", str(source), "--yes", "--json") == 0
    plan, record = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert plan["manifest"]["permissions"] == ["network"] and record["version"] == "1.0"
    shell(data_folder, "list", "--json")
    assert '"name":"shout"' in capsys.readouterr().out
    manifest = source / "extension.toml"
    newer = manifest.read_text(encoding="utf-8").replace("'1.0'", "'1.1'")
    manifest.write_text(newer, encoding="utf-8")
    assert shell(data_folder, "update", "shout", "--yes") == 0
    told = capsys.readouterr().out
    assert "shout 1.1 (1.0 → 1.1)" in told and "  ~ extension.toml" in told
    assert shell(data_folder, "remove", "shout") == 0
    assert shell(data_folder, "restore", "shout") == 0
    assert "shout 1.1 is back" in capsys.readouterr().out
    assert (data_folder.own_extensions / "shout" / "server.py").is_file()


def test_a_new_one_passes_its_check(data_folder: Paths, capsys):
    assert shell(data_folder, "new", "soft_light") == 0
    home = Path(capsys.readouterr().out.strip())
    assert home == data_folder.own_extensions / "soft_light"
    assert shell(data_folder, "check", "soft_light") == 0
    assert "FAILED" not in capsys.readouterr().out
    (home / "worker.py").write_text("1 / 0", encoding="utf-8")
    assert shell(data_folder, "check", str(home)) == 1
    assert "FAILED" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["check", "nothing"], ["remove", "wildcards"], ["update", "x"]])
def test_one_that_is_not_there(data_folder: Paths, words, capsys):
    assert shell(data_folder, *words) == 1
    assert capsys.readouterr().err.startswith("webui: ")
