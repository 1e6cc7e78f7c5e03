import pytest

from tests.core.test_plugins import extension
from webui.core.errors import UserError
from webui.core.extension import Extension, read_manifest
from webui.core.guarding import ExtensionError, Guard

CODE = """
from webui.ext import hookimpl

@hookimpl
def rewrite_request(settings):
    return settings
"""


def test_a_hook_gets_only_what_it_names(tmp_path):
    extension(tmp_path, "echo", CODE)
    manifest = read_manifest(tmp_path / "echo")
    loaded = Extension(manifest, tmp_path / "echo", "server")
    given = {"request": 1, "options": 2, "settings": 3, "data": 4}
    assert loaded.call("rewrite_request", **given) == 3
    assert loaded.call("register_tabs") is None


def test_a_side_without_a_module_has_no_hooks(tmp_path):
    extension(tmp_path, "echo", CODE)
    loaded = Extension(read_manifest(tmp_path / "echo"), tmp_path / "echo", "worker")
    assert loaded.call("participate", job=None) is None


def test_two_extensions_do_not_share_modules(tmp_path):
    for name in ("one", "two"):
        extension(tmp_path, name, CODE + f"\nNAME = {name!r}\n")
    modules = [
        Extension(read_manifest(tmp_path / name), tmp_path / name, "server")
        for name in ("one", "two")
    ]
    assert [loaded.name for loaded in modules] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = [", "manifest"),
        ('name = "Bad Name"\nversion = "1"\napi = 1', "name"),
        ('name = "x"\nversion = "1"', "api"),
        ('name = "x"\nversion = "1"\napi = 7', "api 7"),
        ('name = "y"\nversion = "1"\napi = 1', "calls itself y"),
    ],
)
def test_a_manifest_that_does_not_do(tmp_path, text, reason):
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "extension.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_manifest(folder)
    assert reason in str(raised.value) or reason in raised.value.problem.code


def test_what_an_extension_raises_gets_its_name(capsys):
    def fail() -> None:
        raise KeyError("lost")

    with pytest.raises(ExtensionError, match=r"The extension x failed in after: KeyError: 'lost'"):
        Guard()("x", "after", fail)
    assert "fail" in capsys.readouterr().err, "the trace is for the log"
    assert Guard()("x", "after", lambda a, b: a + b, 1, b=2) == 3


def test_what_an_extension_says_to_the_user_stays_one_sentence():
    def refuse() -> None:
        raise UserError("extension_twice", name="y")

    with pytest.raises(ExtensionError) as raised:
        Guard()("x", "after", refuse)
    assert str(raised.value).startswith("Extension x: There are two extensions called y")
