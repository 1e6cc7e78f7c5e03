import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.core.test_plugins import extension
from tests.ui.fakes import services
from webui.core.plugins import Extensions
from webui.ui import shell
from webui.ui.extension_assets import ADDRESS, ExtensionAssets, page_parts, texts_of, web_address


@pytest.fixture(autouse=True)
def forget_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


@pytest.fixture
def extensions(tmp_path: Path) -> Extensions:
    extension(tmp_path, "paint", page=["look.css", "tags.js"])
    write(tmp_path / "paint/web/tags.js", "export const mount = () => {};")
    write(tmp_path / "paint/web/look.css", "p { color: red }")
    write(tmp_path / "paint/web/data/tags.csv", "cat,1")
    write(tmp_path / "paint/web/evil.exe", "MZ")
    write(tmp_path / "paint/locales/en.json", '{"hello": "Hello", "bye": "Bye"}')
    write(tmp_path / "paint/locales/pl.json", '{"hello": "Cześć"}')
    extension(tmp_path, "plain")
    write(tmp_path / "plain/locales/en.json", "[1]")
    return Extensions([tmp_path], "server")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def client(extensions: Extensions) -> TestClient:
    app = FastAPI()
    app.mount(ADDRESS, ExtensionAssets(extensions))
    return TestClient(app)


def test_the_page_is_told_what_to_load(extensions: Extensions):
    parts = page_parts(extensions)
    assert [one["extension"] for one in parts["scripts"]] == ["paint"]
    assert [one["url"].rsplit("/", 1)[1] for one in parts["styles"]] == ["look.css"]
    asked = client(extensions)
    answer = asked.get(parts["scripts"][0]["url"])
    assert answer.text == "export const mount = () => {};"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    extensions.switch(["paint"])
    assert page_parts(extensions) == {"scripts": [], "styles": []}
    assert asked.get(parts["scripts"][0]["url"]).status_code == 404


def test_an_edited_file_has_a_new_address(extensions: Extensions):
    before = page_parts(extensions)["scripts"][0]["url"]
    web = extensions.web_folders()["paint"]
    (web / "tags.js").write_text("1", encoding="utf-8")
    assert page_parts(extensions)["scripts"][0]["url"] != before
    assert client(extensions).get(before).headers["cache-control"] == "no-store"


def test_only_files_of_the_folder_and_of_known_kinds_are_served(extensions: Extensions):
    asked = client(extensions)
    web = extensions.web_folders()["paint"]
    assert asked.get(web_address("paint", web, "data/tags.csv")).text == "cat,1"
    (web / "out.js").symlink_to(web.parent / "extension.toml")
    for file in ("evil.exe", "nothing.js", "../extension.toml", "data", ".tags.js", "out.js"):
        assert asked.get(web_address("paint", web, file)).status_code == 404, file
    assert asked.get(f"{ADDRESS}/nobody/00/tags.js").status_code == 404


def test_texts_stand_below_the_name_and_fall_back_to_english(extensions: Extensions):
    assert texts_of(extensions, "pl") == {"ext.paint.hello": "Cześć", "ext.paint.bye": "Bye"}
    assert texts_of(extensions, "en")["ext.paint.hello"] == "Hello"


def test_it_all_reaches_the_page(extensions: Extensions):
    app = FastAPI()
    shell.mount(app, services(extensions=extensions))
    page = TestClient(app).get("/", headers={"accept-language": "pl"}).text
    assert data_of(page)["texts"]["ext.paint.hello"] == "Cześć"
    script = data_of(page)["scripts"][0]["url"]
    assert TestClient(app).get(script).status_code == 200
    assert f'<link rel="stylesheet" href="{page_parts(extensions)["styles"][0]["url"]}">' in page
    assert page.index('<script type="importmap">') < page.index("modulepreload")


def data_of(page: str) -> dict[str, Any]:
    return json.loads(page.split("window.easel = ", 1)[1].split(";\n", 1)[0])


def test_a_file_that_is_not_there_is_said_before_it_is_missed(tmp_path: Path):
    extension(tmp_path, "paint", page=["tags.js"])
    (info,) = Extensions([tmp_path], "server").infos()
    assert "web/tags.js" in str(info.problem)
