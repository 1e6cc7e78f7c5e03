"""One extension per hook, as someone else would write it: each does what it says."""

import inspect
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from webui.core.extension_calls import Asked, act, answer, commands
from webui.core.hookspecs import GalleryPicture, ServerHooks, WorkerHooks
from webui.core.participants import Services
from webui.core.plugins import Extensions
from webui.core.requests import Convert, Txt2Img
from webui.core.settings import Settings
from webui.models.sigmas import SigmaTable
from webui.ui.extension_assets import actions_of, page_parts, texts_of
from webui.worker.services import interpolated, preprocessed

EXAMPLES = Path(__file__).parents[2] / "examples" / "extensions"
GRAY = Image.new("RGB", (4, 2), (200, 100, 0))


@pytest.fixture(scope="module")
def server() -> Iterator[Extensions]:
    yield Extensions([EXAMPLES], "server")
    forget()


@pytest.fixture(scope="module")
def worker() -> Iterator[Extensions]:
    yield Extensions([EXAMPLES], "worker")
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("easel_extensions")]:
        del sys.modules[name]


def alone(extensions: Extensions, name: str) -> Extensions:
    """With all others switched off."""
    extensions.switch({info.name for info in extensions.infos()} - {f"example_{name}"})
    return extensions


def prompt(one: Extensions, asked: Txt2Img, kept: Settings | None = None) -> str:
    changed = one.rewrite(asked, kept or Settings())
    assert isinstance(changed, Txt2Img)
    other = Convert(model="a", file_name="b")
    assert one.rewrite(other, Settings()) == other, "what has no prompt stays as it is"
    return changed.prompt


def tabs(one: Extensions) -> None:
    assert [(name, tab.id) for name, tab in one.tabs()] == [("example_tabs", "letters")]


def panels(one: Extensions) -> None:
    asked = Txt2Img(prompt="cat", extensions={"example_panels": {"times": 2}})
    assert one.problems_with(asked.extensions) == []
    assert prompt(one, asked) == "cat!!"


def settings(one: Extensions) -> None:
    kept = Settings(extensions={"example_settings": {"words": "soft"}})
    assert prompt(one, Txt2Img(prompt="cat"), kept) == "cat, soft"


def routes(one: Extensions) -> None:
    asked = Asked("example_routes", "GET", "words/ap", {}, b"", True)
    assert answer(one, Settings(), asked).data == b'["apple","apricot"]'


def gallery_actions(one: Extensions) -> None:
    (told,) = actions_of(one)
    seen = GalleryPicture("picture:7", Path("7.png"), "cat")
    wanted = act(one, told["extension"], told["id"], seen)
    assert (wanted["kind"], wanted["image"], wanted["by"]) == ("upscale", "picture:7", 2)


def shell_commands(one: Extensions) -> None:
    command = commands(one)["example_commands", "greet"]
    parser = ArgumentParser()
    command.arguments(parser)
    assert command.run(parser.parse_args(["Ada"])) == 0


def rewrite_request(one: Extensions) -> None:
    assert prompt(one, Txt2Img(prompt="cat")) == "cat, watercolour"


def serve_references(one: Extensions) -> None:
    picture = f"sha256:{'0' * 64}"
    assert one.serve_references(Txt2Img(prompt="{image}", references={"image": picture}))
    assert not one.serve_references(Txt2Img(prompt="cat"))


def models_of(one: Extensions) -> None:
    (use,) = one.models_of({}, {"example_models_of": {"name": "canny"}})
    assert (use.kind, use.name) == ("controlnet", "canny")


def read_parameters(one: Extensions) -> None:
    told = one.read_parameters({"Mood": "sad", "Steps": "20"})
    assert told == {"example_read_parameters": {"mood": "sad"}}
    written = one.read_parameters({"example_read_parameters mood": "happy"})
    assert written == {"example_read_parameters": {"mood": "happy"}}, "as we write it"


def page(one: Extensions) -> None:
    assert [part["extension"] for parts in page_parts(one).values() for part in parts] == [
        *["example_page"] * 2
    ]
    assert texts_of(one, "pl") == {"ext.example_page.hello": "Cześć"}


def samplers(one: Extensions) -> None:
    ((_, sampler),) = one.samplers()
    x = torch.tensor([3.0])
    sigmas = torch.tensor([2.0, 1.0, 0.0])
    assert sampler.function(lambda x, sigma: x * 0 + 1, x, sigmas, None, None) == 1


def schedules(one: Extensions) -> None:
    ((_, schedule),) = one.schedules()
    table = SigmaTable(torch.tensor([0.1, 1.0, 10.0]))
    assert torch.allclose(schedule.function(table, 3, None), torch.tensor([10.0, 1, 0.1, 0]))


def families(one: Extensions) -> None:
    assert list(one.families()) == ["example"]


def upscalers(one: Extensions) -> None:
    ((_, upscaler),) = one.upscalers()
    assert upscaler.function(GRAY).size == (12, 6)


def captioners(one: Extensions) -> None:
    (tool,) = one.picture_tools("captioners")
    assert tool.function(GRAY) == "dark"


def preprocessors(one: Extensions) -> None:
    made = preprocessed(one.preprocessors(), "example_cut", GRAY, {"level": 50})
    assert made.getcolors() == [(8, 255)]


def interpolators(one: Extensions) -> None:
    white = Image.new("RGB", GRAY.size, (255, 255, 255))
    first, second = interpolated(one, Services(), "example_fade", GRAY, white, [0, 0.5])
    assert first == GRAY and second.getpixel((0, 0)) == (227, 177, 127)


def restorers(one: Extensions) -> None:
    (tool,) = one.picture_tools("restorers")
    assert tool.function(GRAY) == GRAY


def participate(one: Extensions) -> None:
    asked = Txt2Img(prompt="x", batch_count=3, extensions={"example_participate": {"fade": 1}})
    (fade,) = one.participants("job", asked, Services())
    fade.start([2])
    assert fade.image(GRAY).getextrema() == ((0, 0), (0, 0), (0, 0))
    fade.start([0])
    assert fade.image(GRAY) == GRAY
    assert one.participants("job", Txt2Img(prompt="x"), Services()) == []


BESIDE_THE_PAGE: dict[str, Callable[[Extensions], None]] = {
    "tabs": tabs,
    "panels": panels,
    "settings": settings,
    "routes": routes,
    "gallery_actions": gallery_actions,
    "commands": shell_commands,
    "rewrite_request": rewrite_request,
    "serve_references": serve_references,
    "models_of": models_of,
    "read_parameters": read_parameters,
    "page": page,
}
BESIDE_THE_MODEL: dict[str, Callable[[Extensions], None]] = {
    "samplers": samplers,
    "schedules": schedules,
    "families": families,
    "upscalers": upscalers,
    "captioners": captioners,
    "preprocessors": preprocessors,
    "interpolators": interpolators,
    "restorers": restorers,
    "participate": participate,
    "models_of": models_of,
}


@pytest.mark.parametrize("name", BESIDE_THE_PAGE)
def test_beside_the_page(name: str, server: Extensions) -> None:
    BESIDE_THE_PAGE[name](alone(server, name))


@pytest.mark.parametrize("name", BESIDE_THE_MODEL)
def test_beside_the_model(name: str, worker: Extensions) -> None:
    BESIDE_THE_MODEL[name](alone(worker, name))


def test_every_hook_has_an_example(server: Extensions) -> None:
    for hooks, tried in ((ServerHooks, BESIDE_THE_PAGE), (WorkerHooks, BESIDE_THE_MODEL)):
        every = {name for name, _ in inspect.getmembers(hooks, inspect.isfunction)}
        assert {name.removeprefix("register_") for name in every} <= set(tried)
    names = {info.name.removeprefix("example_") for info in server.infos()}
    assert names == {*BESIDE_THE_PAGE, *BESIDE_THE_MODEL}
    assert {info.problem for info in server.infos()} == {None}


def test_each_stays_small() -> None:
    for file in EXAMPLES.rglob("*.py"):
        assert len(file.read_text(encoding="utf-8").splitlines()) < 45, file


def test_all_have_titles_in_both_languages(server: Extensions) -> None:
    infos: Any = server.infos()
    assert [info.name for info in infos if set(info.title) != {"en", "pl"}] == []
