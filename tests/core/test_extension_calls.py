import sys

import pytest

from tests.core.test_plugins import extension
from webui.core.errors import UnknownId, UserError
from webui.core.extension_calls import Asked, act, answer, commands
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import GalleryPicture
from webui.core.plugins import Extensions
from webui.core.settings import Settings

CODE = """
from webui.ext import Answer, Command, GalleryAction, Route, hookimpl

@hookimpl
def register_routes():
    return [
        Route("/a/{x}/b", lambda call: call.values["x"]),
        Route("a/{x}/b", lambda call: "put", "PUT"),
        Route("only", lambda call: 1, host_only=True),
        Route("svg", lambda call: Answer(b"", "image/svg+xml")),
    ]

@hookimpl
def register_gallery_actions():
    return [GalleryAction("long", {}, lambda picture: "x" * 10_000)]

@hookimpl
def register_commands():
    return [Command("go", "goes", lambda given: 3)]
"""


@pytest.fixture
def extensions(tmp_path):
    extension(tmp_path, "paint", CODE)
    yield Extensions([tmp_path], "server", data=tmp_path)
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def asked(path: str, method: str = "GET", guest: bool = False) -> Asked:
    return Asked("paint", method, path, {"x": "query"}, b"", guest)


def test_gaps_count_more_than_the_query(extensions):
    assert answer(extensions, Settings(), asked("a/1/b")).data == b'"1"'
    assert answer(extensions, Settings(), asked("a/1/b", "PUT")).data == b'"put"'


@pytest.mark.parametrize(
    ("wanted", "error", "code"),
    [
        (asked("a/1/c"), UnknownId, "no_address"),
        (asked("a/1/b", "DELETE"), UserError, "no_method"),
        (asked("only", guest=True), UserError, "settings_shared"),
        (asked("svg"), ExtensionError, "extension"),
    ],
)
def test_what_cannot_be_answered(extensions, wanted, error, code):
    with pytest.raises(error) as raised:
        answer(extensions, Settings(), wanted)
    assert raised.value.problem.code == code


def test_sentences_are_kept_short(extensions, tmp_path):
    seen = GalleryPicture("picture:1", tmp_path / "1.png", "")
    assert len(act(extensions, "paint", "long", seen)) == 500
    extensions.switch(["paint"])
    with pytest.raises(UnknownId):
        act(extensions, "paint", "long", seen)


def test_commands_have_the_names_of_their_extensions(extensions):
    assert list(commands(extensions)) == [("paint", "go")]
