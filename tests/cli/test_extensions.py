import json
import sys
from pathlib import Path

import pytest

from tests.core.test_plugins import SHOUT, extension
from tests.doors import Client
from webui.cli import extensions
from webui.cli.parser import read_arguments
from webui.core.errors import UserError
from webui.core.paths import Paths
from webui.core.quarantine import Quarantine
from webui.jobs.services import Services

EXAMPLES = Path(__file__).parents[2] / "examples" / "extensions"


def shell(paths: Paths, *arguments: str) -> int:
    words = ["--data-dir", str(paths.data), "extensions", *arguments]
    return extensions.run(read_arguments(words), "en")


@pytest.fixture(autouse=True)
def forget_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def told(capsys) -> dict[str, dict]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {one["name"]: one for one in lines}


def test_all_are_listed_with_what_is_wrong(data_folder: Paths, capsys):
    extension(data_folder.data / "extensions", "shout", SHOUT)
    extension(data_folder.data / "extensions", "torn", "import nowhere_at_all")
    assert shell(data_folder, "list", "--json") == 0
    found = told(capsys)
    assert found["shout"]["state"] == found["wildcards"]["state"] == "enabled"
    assert "nowhere_at_all" in found["torn"]["problem"]["message"]
    assert shell(data_folder, "list") == 0
    assert "wildcards" in capsys.readouterr().out


def test_they_are_switched_without_a_server(data_folder: Paths, capsys):
    assert shell(data_folder, "disable", "wildcards", "--json") == 0
    assert told(capsys)["wildcards"]["state"] == "disabled"
    shell(data_folder, "list", "--json")
    assert told(capsys)["wildcards"]["state"] == "disabled"
    assert shell(data_folder, "enable", "wildcards", "--json") == 0
    assert told(capsys)["wildcards"]["state"] == "enabled"


def test_a_running_server_switches_them(
    server: str, client: Client, services: Services, paths: Paths, capsys
):
    assert shell(paths, "disable", "wildcards") == 0
    assert services.settings.disabled_extensions == ("wildcards",)
    assert shell(paths, "enable", "wildcards") == 0
    assert services.settings.disabled_extensions == ()


def test_one_that_does_not_exist(data_folder: Paths, capsys):
    assert shell(data_folder, "disable", "nothing") == 1
    assert capsys.readouterr().err.startswith("webui: ")


def test_one_in_quarantine_is_released(data_folder: Paths, capsys):
    kept = Quarantine(data_folder.quarantine)
    for _ in range(3):
        kept.failed("wildcards", UserError("no_server").problem)
    shell(data_folder, "list", "--json")
    assert told(capsys)["wildcards"]["state"] == "quarantined"
    assert shell(data_folder, "release", "wildcards", "--json") == 0
    assert told(capsys)["wildcards"]["state"] == "enabled"
    assert Quarantine(data_folder.quarantine).reasons() == {}


def test_their_commands_run(data_folder: Paths, capsys):
    (data_folder.data / "extensions").mkdir()
    (data_folder.data / "extensions" / "example_commands").symlink_to(EXAMPLES / "example_commands")
    assert shell(data_folder, "run", "example_commands", "greet", "Ada") == 0
    assert capsys.readouterr().out == "Hello Ada\n"
    assert shell(data_folder, "run", "example_commands", "dance") == 1
    assert "use one of greet" in capsys.readouterr().err
