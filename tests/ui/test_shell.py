from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.ui.fakes import FakeExtensions, Options, services
from webui.core.hookspecs import Panel, Tab
from webui.core.settings import Settings
from webui.ui import shell
from webui.ui.build import ASSETS, BUILD
from webui.ui.gradio_import import gr
from webui.ui.parts.own import TEMPLATE


def components(page: gr.Blocks, kind: str) -> list[dict[str, Any]]:
    config: Any = page.config
    return [one["props"] for one in config["components"] if one["type"] == kind]


@pytest.fixture
def extensions() -> FakeExtensions:
    def wall() -> None:
        gr.Textbox(label="a")

    def broken() -> None:
        raise RuntimeError("no paint")

    return FakeExtensions(
        own_tabs=[
            (
                "paint",
                Tab("wall", {"en": "Wall ${x}", "pl": "Ściana"}, wall),
            ),
            ("paint", Tab("floor", {}, broken)),
        ],
        own_panels=[("paint", Panel({"en": "Paint"}, Options))],
        models={"paint": Options},
    )


@pytest.fixture
def client(extensions: FakeExtensions) -> TestClient:
    app = FastAPI()
    shell.mount(app, services(settings=Settings(language="pl"), extensions=extensions))
    return TestClient(app)


def test_the_page_has_our_tabs_then_those_of_extensions(extensions: FakeExtensions):
    page = shell.build(services(), extensions.own_tabs)
    tabs = [one["elem_id"] for one in components(page, "tabitem")]
    assert tabs == [
        "tab-txt2img",
        "tab-img2img",
        "tab-inpaint",
        "tab-upscale",
        "tab-animation",
        "tab-models",
        "tab-image_info",
        "tab-extensions",
        "tab-settings",
        "tab-paint-wall",
        "tab-paint-floor",
    ]
    assert [one["label"] for one in components(page, "textbox")] == ["a"]


def test_a_tab_that_cannot_be_built_says_whose_it_is(extensions: FakeExtensions):
    page = shell.build(services(), extensions.own_tabs)
    (failure,) = [one for one in components(page, "html") if one["elem_id"] == "failure"]
    assert failure["props"]["problem"]["values"] == {
        "name": "paint",
        "hook": "register_tabs",
        "reason": "RuntimeError: no paint",
    }


def test_templates_are_static_and_nothing_of_a_user_stands_in_code(extensions: FakeExtensions):
    page = shell.build(services(), extensions.own_tabs)
    for part in components(page, "html"):
        assert part["html_template"] == TEMPLATE
        assert part["css_template"] == ""
        assert part["js_on_load"].startswith(f"import('/own/{BUILD}/")
        assert "${" not in part["js_on_load"]
    assert "{{" not in TEMPLATE and "${" not in TEMPLATE


def test_the_page_opens_no_way_into_python():
    """No handler is registered: the API is the one door."""
    config: Any = shell.build(services()).config
    assert config["dependencies"] == []


def test_the_page_is_served_in_the_language_of_the_setting(client: TestClient):
    page = client.get("/", headers={"accept-language": "en"})
    assert page.status_code == 200
    assert '"language": "pl"' in page.text
    assert '"extension": "paint"' in page.text
    assert "Siła" in page.text


def test_our_files_may_be_kept_for_ever_below_the_build_id(client: TestClient):
    for file in ASSETS.iterdir():
        answer = client.get(f"/own/{BUILD}/{file.name}")
        assert answer.content == file.read_bytes()
        assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/own/{BUILD}/nothing.js").status_code == 404
    assert client.get("/own/build").text == BUILD


def test_modules_are_served_as_modules(client: TestClient):
    """Windows' registry may call .js text/plain, and browsers then refuse it."""
    assert "javascript" in client.get(f"/own/{BUILD}/page.js").headers["content-type"]
    assert "text/css" in client.get(f"/own/{BUILD}/base.css").headers["content-type"]
    assert "image/svg+xml" in client.get(f"/own/{BUILD}/easel.svg").headers["content-type"]
