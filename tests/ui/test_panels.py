from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.core.test_plugins import extension
from tests.ui.fakes import FakeExtensions, Options
from webui.core.hookspecs import Panel
from webui.core.plugins import Extensions
from webui.ui.extension_assets import web_address
from webui.ui.panels import panels_of

SERVER = """
from pydantic import BaseModel
from webui.ext import Panel, hookimpl

class Dots(BaseModel):
    dots: tuple[int, ...] = (1, 2)

@hookimpl
def register_panels():
    return [Panel({{"en": "Dots"}}, Dots, script={script!r}, style="dots.css")]
"""


def dotted(folder: Path, name: str, script: str = "dots.js") -> Extensions:
    extension(folder, name, SERVER.format(script=script))
    (folder / name / "web").mkdir()
    for file in ("dots.js", "dots.css"):
        (folder / name / "web" / file).write_text("/* */", encoding="utf-8")
    (folder / name / "server_only.js").write_text("", encoding="utf-8")
    return Extensions([folder], "server")


def test_a_form_follows_from_the_model_and_an_empty_one_is_left_out():
    class Nothing(BaseModel):
        rows: tuple[int, ...] = ()

    fake = FakeExtensions(
        own_panels=[("paint", Panel({"en": "P"}, Options)), ("bare", Panel({}, Nothing))]
    )
    (panel,) = panels_of(fake)  # pyright: ignore[reportArgumentType]
    assert [one["name"] for one in panel["fields"]] == ["strength", "on"]
    assert "script" not in panel


def test_a_panel_with_a_script_has_its_address_and_what_it_begins_with(tmp_path: Path):
    extensions = dotted(tmp_path, "dots_one")
    (panel,) = panels_of(extensions)
    web = tmp_path / "dots_one" / "web"
    assert panel == {
        "extension": "dots_one",
        "title": {"en": "Dots"},
        "fields": [],
        "fallback": {"dots": [1, 2]},
        "script": web_address("dots_one", web, "dots.js"),
        "style": web_address("dots_one", web, "dots.css"),
    }


@pytest.mark.parametrize("script", ["missing.js", "../server_only.js", "dots.txt"])
def test_a_script_that_is_not_there_breaks_its_extension_alone(tmp_path: Path, script: str):
    extensions = dotted(tmp_path, f"dots_{len(script)}", script)
    assert panels_of(extensions) == []
    (info,) = extensions.infos()
    assert info.state == "broken"
    assert info.problem and script in info.problem.message
