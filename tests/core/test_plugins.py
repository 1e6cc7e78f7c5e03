import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from webui.core.errors import worded
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import ServerHooks, WorkerHooks
from webui.core.isolation import Threads
from webui.core.memory import ModelUse
from webui.core.participants import Step
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings

SHOUT = """
from pydantic import BaseModel, Field
from webui.ext import Panel, Tab, hookimpl

class Options(BaseModel):
    times: int = Field(default=1, ge=0, le=3)

class Loud(BaseModel):
    mark: str = "!"

@hookimpl
def register_panels():
    return [Panel(title={"en": "Shout"}, options=Options)]

@hookimpl
def register_settings():
    return Loud

@hookimpl
def register_tabs():
    return [Tab(id="one", title={"en": "One"}, build=lambda: None)]

@hookimpl
def rewrite_request(request, options, settings):
    return request.with_(prompt=request.prompt + settings.mark * options.times)
"""
WORKER = """
from contextlib import contextmanager
from webui.ext import Participant, hookimpl

class Double(Participant):
    order = -5
    def before(self, step):
        step.x = step.x * 2
    def after(self, step):
        raise ValueError("after broke")
    @contextmanager
    def patched(self, model):
        model.append("in")
        try:
            yield
        finally:
            model.append("out")

@hookimpl
def participate(job):
    return Double() if job.options.get("on") else None
"""


def extension(folder: Path, folder_name: str, code: str = "", worker: str = "", **manifest):
    """Write an extension into a folder."""
    home = folder / folder_name
    home.mkdir(parents=True)
    values = {"name": folder_name, "version": "1.0", "api": 1, **manifest}
    lines = [f"{key} = {value!r}" for key, value in values.items()]
    for side, text in (("server", code), ("worker", worker)):
        if text:
            (home / f"{side}.py").write_text(text, encoding="utf-8")
            lines.append(f'{side} = "{side}"')
    (home / "extension.toml").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(autouse=True)
def forget_modules():
    yield
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def states(extensions: Extensions) -> dict[str, str]:
    return {info.name: info.state for info in extensions.infos()}


def test_registrations_and_rewriting(tmp_path):
    extension(tmp_path, "shout", SHOUT)
    extensions = Extensions([tmp_path], "server")
    assert states(extensions) == {"shout": "enabled"}
    assert [(name, tab.id) for name, tab in extensions.tabs()] == [("shout", "one")]
    request = Txt2Img(prompt="cat", extensions={"shout": {"times": 2}})
    assert extensions.problems_with(request.extensions) == []
    settings = Settings(extensions={"shout": {"mark": "?"}})
    assert extensions.rewrite(request, settings).prompt == "cat??"


def test_values_for_extensions_are_checked(tmp_path):
    extension(tmp_path, "shout", SHOUT)
    extensions = Extensions([tmp_path], "server")
    wrong = extensions.problems_with({"shout": {"times": 9}, "nobody": {}})
    assert [problem.field for problem in wrong] == ["extensions.shout.times", "extensions.nobody"]
    assert "shout" in wrong[0].message


COUNTS = """
from pydantic import BaseModel
from webui.ext import Panel, hookimpl

class Options(BaseModel):
    word: str = ""

asked = []

@hookimpl
def register_panels():
    asked.append(1)
    return [Panel(title={"en": str(len(asked))}, options=Options)]
"""


def test_for_many_requests_each_is_asked_once(tmp_path):
    extension(tmp_path, "counts", COUNTS)
    extensions = Extensions([tmp_path], "server")
    steady = extensions.steady()

    def numbers(where: Extensions) -> list[str]:
        return [panel.title["en"] for _ in range(3) for _, panel in where.panels()]

    assert numbers(steady) == ["1", "1", "1"]
    assert numbers(extensions) == ["2", "3", "4"]
    assert numbers(extensions.steady()) == ["5", "5", "5"]


VALIDATES = """
from pydantic import BaseModel, field_validator
from webui.ext import Panel, UserError, hookimpl

class Options(BaseModel):
    word: str = ""

    @field_validator("word")
    @classmethod
    def read(cls, word):
        while word == "endless": pass
        if word: raise RuntimeError("no " + word)
        return word

@hookimpl
def register_panels():
    return [Panel(title={"en": "Bad"}, options=Options)]

@hookimpl
def rewrite_request(request):
    raise UserError("dry", paint="oil")
"""


def test_a_check_of_values_that_fails_or_never_ends_has_the_extensions_name(tmp_path, capsys):
    extension(tmp_path, "bad", VALIDATES)
    extensions = Extensions([tmp_path], "server", isolation=Threads(0.5))
    with pytest.raises(ExtensionError, match="bad failed in options: RuntimeError: no sense"):
        extensions.problems_with({"bad": {"word": "sense"}})
    with pytest.raises(ExtensionError, match="bad gave no sign of life"):
        extensions.problems_with({"bad": {"word": "endless"}})
    assert extensions.problems_with({"bad": {}}) == []


def test_what_it_refuses_is_said_in_its_own_words(tmp_path):
    extension(tmp_path, "bad", VALIDATES)
    (tmp_path / "bad" / "locales").mkdir()
    for language, text in (("en", "The {paint} is dry."), ("pl", "{paint} jest suchy.")):
        file = tmp_path / "bad" / "locales" / f"{language}.json"
        file.write_text(json.dumps({"dry": text}), encoding="utf-8")
    with pytest.raises(ExtensionError) as raised:
        Extensions([tmp_path], "server").rewrite(Txt2Img(prompt="x"), Settings())
    problem = raised.value.problem
    assert problem.message == worded(problem, "en") == "Extension bad: The oil is dry."
    assert worded(problem, "pl") == "Rozszerzenie bad: oil jest suchy."


def test_disabled_is_not_imported_until_switched_on(tmp_path):
    extension(tmp_path, "shout", "raise RuntimeError('imported')")
    extensions = Extensions([tmp_path], "server", disabled=["shout"])
    assert states(extensions) == {"shout": "disabled"}
    extensions.switch([])
    info = extensions.infos()[0]
    assert info.state == "broken"
    assert info.problem
    message = "The extension shout failed in server.py: RuntimeError: imported"
    assert info.problem.message == message


def test_switched_off_has_no_effect(tmp_path):
    extension(tmp_path, "shout", SHOUT)
    extensions = Extensions([tmp_path], "server")
    extensions.switch(["shout"])
    request = Txt2Img(prompt="cat")
    assert extensions.rewrite(request, Settings()) == request
    assert extensions.tabs() == []


@pytest.mark.parametrize(
    ("server", "manifest", "reason"),
    [
        ("import no_such_module_here", {}, "no_such_module_here"),
        ("raise SystemExit(3)", {}, "SystemExit"),
        ("def broken(:", {}, "SyntaxError"),
        ("", {"api": 99}, "api 99"),
        ("", {"name": "other"}, "other"),
        ("", {"colour": "red"}, "colour"),
        (SHOUT.replace("def rewrite_request", "def rewrite_requests"), {}, "rewrite_requests"),
        (SHOUT.replace("(request, options, settings)", "(request, wish)"), {}, "wish"),
        ("", {"server": "../evil"}, "../evil.py"),
    ],
)
def test_broken_ones_are_listed_with_the_reason_and_hurt_nobody(tmp_path, server, manifest, reason):
    extension(tmp_path, "broken", server, **manifest)
    extension(tmp_path, "shout", SHOUT)
    extensions = Extensions([tmp_path], "server")
    assert states(extensions) == {"broken": "broken", "shout": "enabled"}
    assert reason in str(extensions.infos()[0].problem)
    assert extensions.rewrite(Txt2Img(prompt="cat"), Settings()).prompt == "cat!"


def test_a_manifest_that_is_not_toml(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "extension.toml").write_text("name = [", encoding="utf-8")
    assert states(Extensions([tmp_path], "server")) == {"bad": "broken"}


def test_two_of_one_name(tmp_path):
    extension(tmp_path / "a", "shout", SHOUT)
    extension(tmp_path / "b", "shout", SHOUT)
    assert states(Extensions([tmp_path / "a", tmp_path / "b"], "server")) == {"shout": "broken"}


def test_a_raising_hook_is_named(tmp_path):
    extension(tmp_path, "shout", SHOUT.replace("settings.mark", "settings.nothing"))
    with pytest.raises(ExtensionError) as raised:
        Extensions([tmp_path], "server").rewrite(Txt2Img(prompt="cat"), Settings())
    assert raised.value.problem.values["name"] == "shout"
    assert "rewrite_request" in str(raised.value)


def test_a_registration_that_raises_breaks_its_extension_only(tmp_path):
    extension(tmp_path, "shout", SHOUT.replace('Tab(id="one"', 'Tab(ident="one"'))
    extensions = Extensions([tmp_path], "server")
    assert extensions.tabs() == []
    assert states(extensions) == {"shout": "broken"}


def test_order_of_the_manifest_counts(tmp_path):
    extension(tmp_path, "aaa", SHOUT.replace('"!"', '"1"'), order=5)
    extension(tmp_path, "bbb", SHOUT.replace('"!"', '"2"'), order=-5)
    assert Extensions([tmp_path], "server").rewrite(Txt2Img(prompt="x"), Settings()).prompt == "x21"


def test_participants_are_watched_and_undone(tmp_path):
    extension(tmp_path, "double", worker=WORKER)
    extensions = Extensions([tmp_path], "worker")
    assert extensions.participants("j", Txt2Img(prompt="x")) == []
    request = Txt2Img(prompt="x", extensions={"double": {"on": True}})
    (participant,) = extensions.participants("j", request)
    assert participant.order == -5
    step = Step(index=0, total=1, x=3, sigma=1.0)
    participant.before(step)
    assert step.x == 6
    model: list[str] = []
    with pytest.raises(ExtensionError, match="after broke"), participant.patched(model):
        participant.after(step)
    assert model == ["in", "out"]


TOOLS = """
from PIL import ImageOps
from webui.ext import PictureTool, hookimpl

def fail(picture):
    raise ValueError("no words")

@hookimpl
def register_captioners():
    return [
        PictureTool("size", {"en": "Size", "pl": "Rozmiar"}, lambda p: f"{p.width} wide"),
        PictureTool("mute", {"en": "Mute"}, fail),
    ]

@hookimpl
def register_restorers():
    return [PictureTool("invert", {"en": "Invert"}, ImageOps.invert)]
"""


def test_what_takes_pictures_is_told_and_its_failures_have_a_name(tmp_path):
    extension(tmp_path, "tools", worker=TOOLS)
    extensions = Extensions([tmp_path], "worker")
    size, mute = extensions.picture_tools("captioners")
    assert (size.name, size.title["pl"]) == ("size", "Rozmiar")
    assert size.function(Image.new("RGB", (7, 3))) == "7 wide"
    with pytest.raises(ExtensionError, match="tools"):
        mute.function(Image.new("RGB", (1, 1)))
    (invert,) = extensions.picture_tools("restorers")
    assert invert.function(Image.new("RGB", (1, 1))).getpixel((0, 0)) == (255, 255, 255)
    extensions.switch({"tools"})
    assert extensions.picture_tools("captioners") == []


BETWEEN = """
from PIL import Image
from webui.ext import Interpolator, hookimpl

def fade(first, second, shares):
    return [Image.blend(first, second, share) for share in shares]

def seen(first, second, shares, services):
    return [Image.new("RGB", first.size, services.device) for share in shares]

def fail(first, second, shares):
    raise ValueError("no flow")

@hookimpl
def register_interpolators():
    return [
        Interpolator("fade", {"en": "Fade", "pl": "Przenikanie"}, fade),
        Interpolator("seen", {"en": "Seen"}, seen, networks=True),
        Interpolator("few", {"en": "Few"}, lambda first, second, shares: []),
        Interpolator("fail", {"en": "Fail"}, fail),
    ]
"""


def test_what_comes_between_pictures_is_told_and_its_failures_have_a_name(tmp_path):
    extension(tmp_path, "between", worker=BETWEEN)
    extensions = Extensions([tmp_path], "worker")
    fade, seen, _, fail = extensions.interpolators()
    assert (fade.title["pl"], fade.networks, seen.networks) == ("Przenikanie", False, True)
    picture = Image.new("RGB", (2, 2), (10, 20, 30))
    assert list(fade.function(picture, picture, [0.5])) == [picture]
    with pytest.raises(ExtensionError, match="between"):
        fail.function(picture, picture, [0.5])
    extensions.switch({"between"})
    assert extensions.interpolators() == []


NEEDS = """
from webui.ext import ModelUse, hookimpl

@hookimpl
def models_of(options, values):
    size = options["times"] * values.get("batch_size", 1)
    return [ModelUse("controlnet", f"{size} nets", in_turns=True)]
"""


@pytest.mark.parametrize("side", ["server", "worker"])
def test_extensions_tell_which_models_a_job_has_beside_its_own(tmp_path, side):
    extension(tmp_path, "one", NEEDS, NEEDS)
    extension(tmp_path, "two", " ", " ")
    found = Extensions([tmp_path], side)
    uses = found.models_of({"batch_size": 2}, {"one": {"times": 3}, "two": {}})
    assert uses == [ModelUse("controlnet", "6 nets", in_turns=True)]
    with pytest.raises(ExtensionError, match="one.*models_of.*KeyError"):
        found.models_of({}, {})


ASKED = Txt2Img(prompt="cat", references={"image": f"sha256:{'0' * 64}"})
CALLS: dict[str, Callable[[Extensions], object]] = {
    "rewrite_request": lambda one: one.rewrite(ASKED, Settings()),
    "serve_references": lambda one: one.serve_references(ASKED),
    "models_of": lambda one: one.models_of({}, {}),
    "participate": lambda one: one.participants("job", ASKED),
}
HOOKS = [
    (side, name)
    for side, hooks in (("server", ServerHooks), ("worker", WorkerHooks))
    for name, _ in inspect.getmembers(hooks, inspect.isfunction)
]


@pytest.mark.parametrize(("side", "hook"), HOOKS)
def test_one_that_raises_in_any_hook_is_named_and_others_are_there(tmp_path, capsys, side, hook):
    code = f"from webui.ext import hookimpl\n@hookimpl\ndef {hook}():\n    raise ValueError('no')"
    extension(tmp_path, "bad", **{"code" if side == "server" else "worker": code})
    extension(tmp_path, "shout", SHOUT)
    extensions = Extensions([tmp_path], side)
    if hook in CALLS:
        with pytest.raises(ExtensionError, match=f"extension bad failed in {hook}: ValueError: no"):
            CALLS[hook](extensions)
    elif hook == "read_parameters":
        assert extensions.read_parameters({"shout times": "2"}) == {"shout": {"times": 2}}
    elif hook == "register_settings":
        assert [*extensions.settings_models()] == ["shout"]
    else:
        assert "bad" not in [name for name, _ in extensions.registered(hook)]
    broken = hook.startswith("register_")
    assert states(extensions) == {"bad": "broken" if broken else "enabled", "shout": "enabled"}
