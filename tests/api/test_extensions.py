"""Extensions' own addresses and buttons, through the door."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_plugins import extension
from tests.doors import Client, open_fake_services
from webui.api.access import Access, Hosts
from webui.app import create
from webui.core.paths import Paths

EXAMPLES = Path(__file__).parents[2] / "examples" / "extensions"
ODD = """
from pydantic import BaseModel
from webui.ext import Answer, GalleryAction, Route, hookimpl

class Kept(BaseModel):
    loud: bool = False

@hookimpl
def register_settings():
    return Kept

def broken(call):
    raise ValueError("no such word")

@hookimpl
def register_routes():
    return [
        Route("broken", broken),
        Route("own", lambda call: call.settings),
        Route("host", lambda call: "you", host_only=True),
        Route("echo/{gap}", lambda call: {**call.values, "body": call.body.decode()}, "POST"),
        Route("file", lambda call: Answer(b"a,b", "text/csv", 201)),
        Route("page", lambda call: Answer(b"<script>", "text/html")),
        Route("lost", lambda call: object()),
    ]

@hookimpl
def register_gallery_actions():
    return [
        GalleryAction("say", {"en": "Say"}, lambda picture: f"{picture.file.name}: {picture.ref}"),
        GalleryAction("wrong", {"en": "Wrong"}, lambda picture: {"kind": "nothing"}),
        GalleryAction("odd", {"en": "Odd"}, lambda picture: 7),
    ]
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    data = tmp_path_factory.mktemp("data")
    own = data / "extensions"
    extension(own, "odd", ODD)
    for name in ("example_routes", "example_gallery_actions"):
        shutil.copytree(EXAMPLES / name, own / name)
    services = open_fake_services(Paths.choose(data))
    hosts = Hosts("127.0.0.1")
    hosts.add("guest.example")
    yield Client(create(services, Access(hosts), page=False))
    services.jobs.close()
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def ask(client: Client, path: str, method: str = "GET", **options):
    return client(method, f"/api/v1/extensions/{path}", **options)


def code(answer) -> str:
    return answer.json()["problems"][0]["code"]


def test_an_address_answers(client: Client):
    assert ask(client, "example_routes/words/ap").json() == ["apple", "apricot"]
    assert ask(client, "odd/own").json() == {"loud": False}
    answer = ask(client, "odd/echo/x?gap=y&z=1", "POST", content=b"hi")
    assert answer.json() == {"gap": "x", "z": "1", "body": "hi"}
    answer = ask(client, "odd/file")
    assert (answer.status_code, answer.content) == (201, b"a,b")
    assert answer.headers["content-type"].startswith("text/csv")


def test_what_is_wrong_with_it_is_told(client: Client):
    for path in ("odd/nothing", "nobody/words", "odd/echo/a/b", "odd"):
        assert ask(client, path).status_code == 404, path
    assert ask(client, "odd/echo/x").status_code == 405
    for path, words in (
        ("odd/broken", "no such word"),
        ("odd/page", "text/html"),
        ("odd/lost", "object"),
    ):
        answer = ask(client, path)
        assert answer.status_code == 422 and "The extension odd failed" in answer.text, path
        assert words in answer.text
    assert ask(client, "example_routes/words/ap").status_code == 200, "the others go on"


def test_guests_reach_what_is_not_for_the_host_alone(client: Client):
    guest = {"host": "guest.example"}
    assert ask(client, "odd/host").json() == "you"
    assert ask(client, "odd/host", headers=guest).status_code == 403
    assert ask(client, "odd/own", headers=guest).status_code == 200


def test_one_that_is_off_has_no_addresses(client: Client):
    ask(client, "example_routes/disable", "POST")
    assert ask(client, "example_routes/words/ap").status_code == 404
    ask(client, "example_routes/enable", "POST")
    assert ask(client, "example_routes/words/ap").status_code == 200


def test_a_button_says_something_or_asks_for_something(client: Client):
    [picture] = client.finished(client.submit()["id"])["pictures"]
    press = {"picture": picture["id"]}
    said = ask(client, "odd/actions/say", "POST", json=press).json()
    assert said["text"].endswith(f": picture:{picture['id']}") and said["job"] is None
    done = ask(client, "example_gallery_actions/actions/twice", "POST", json=press).json()
    assert done["job"]["request"]["kind"] == "upscale"
    for id, words in (("wrong", "Kind"), ("odd", "int")):
        answer = ask(client, f"odd/actions/{id}", "POST", json=press)
        assert "odd" in answer.text and words in answer.text
    assert code(ask(client, "odd/actions/none", "POST", json=press)) == "no_action"
    assert ask(client, "odd/actions/say", "POST", json={"picture": "x"}).status_code == 404
