"""What extensions may ask the worker for in a job, and maps as jobs of their own."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image
from pydantic import BaseModel, Field
from safetensors.torch import save_file

from tests.core.test_plugins import extension
from tests.worker.test_runner import Server, pictures, run, runner
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import Preprocessor
from webui.core.requests import Preprocess, Txt2Img
from webui.library.catalog import Catalog
from webui.library.pictures import encode
from webui.library.store import Store
from webui.worker.line import Control
from webui.worker.services import model_file, preprocessed

WORKER = """
from PIL import ImageOps
from pydantic import BaseModel, Field
from webui.ext import Participant, Preprocessor, hookimpl

class Options(BaseModel):
    border: int = Field(default=1, ge=0, le=9, title="Border")

def framed(picture, options):
    return ImageOps.expand(picture, options.border, "red")

@hookimpl
def register_preprocessors():
    return [Preprocessor("frame", {"en": "Frame", "pl": "Rama"}, framed, Options)]

class Overlay(Participant):
    def __init__(self, job):
        self.job = job
    def image(self, image):
        self.job.services.check()
        given = self.job.services.picture(self.job.options["image"]).convert("RGB")
        return self.job.services.preprocess("frame", given, {"border": 2})

@hookimpl
def participate(job):
    return Overlay(job) if "image" in job.options else None
"""


class Options(BaseModel):
    border: int = Field(default=1, ge=0, le=9)


FRAME = Preprocessor("frame", {}, lambda picture, options: picture.reduce(options.border), Options)


@pytest.fixture
def server() -> Server:
    return Server(Control())


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "pictures")


@pytest.fixture
def blue(store: Store) -> str:
    return store.put(encode(Image.new("RGBA", (90, 60), "blue"), "png", 90, "")).id


def test_a_map_is_a_job_and_the_menu_tells_its_options(server, tmp_path, store, blue):
    extension(tmp_path, "tools", worker=WORKER)
    worker = runner(server, [tmp_path], store)
    (told,) = worker.ready().offers.preprocessors
    assert (told.name, told.title["pl"]) == ("frame", "Rama")
    assert told.options["properties"]["border"]["title"] == "Border"
    request = Preprocess(image=blue, preprocessor="frame", options={"border": 3})
    assert worker.run(run(request=request)).outcome == "finished"
    (made,) = pictures(server)
    assert (made.size, made.mode) == ((96, 66), "RGB")
    assert (made.getpixel((0, 0)), made.getpixel((9, 9))) == ((255, 0, 0), (0, 0, 255))
    assert "Preprocessor: frame" in server.made[0][0].infotext


def test_the_shorter_side_is_made_as_long_as_asked_for(server, tmp_path, store, blue):
    extension(tmp_path, "tools", worker=WORKER)
    request = Preprocess(image=blue, preprocessor="frame", resolution=120)
    runner(server, [tmp_path], store).run(run(request=request))
    assert [one.size for one in pictures(server)] == [(182, 122)]


def test_a_participant_opens_pictures_and_makes_maps(server, tmp_path, store, blue):
    extension(tmp_path, "tools", worker=WORKER)
    request = Txt2Img.model_validate(
        {**run().request.model_dump(), "batch_count": 1, "batch_size": 1}
    ).with_(extensions={"tools": {"image": blue}})
    runner(server, [tmp_path], store).run(run(request=request))
    (data,) = [data for _, data in server.made]
    assert Image.open(io.BytesIO(data)).size == (94, 64)


def test_options_that_do_not_fit_are_said_with_the_preprocessors_name(
    server, tmp_path, store, blue
):
    with pytest.raises(UserError, match=r"frame do not fit: Border must be at most") as raised:
        preprocessed([FRAME], "frame", Image.new("RGB", (4, 4)), {"border": 100})
    assert "frame nie pasują: Pole Border: wartość" in worded(raised.value.problem, "pl")
    with pytest.raises(UserError, match="no preprocessor fram:"):
        preprocessed([FRAME], "fram", Image.new("RGB", (4, 4)), {})
    assert preprocessed([FRAME], "frame", Image.new("RGB", (4, 4)), {"border": 2}).size == (2, 2)
    extension(tmp_path, "tools", worker=WORKER.replace('"red"', "0 / 0"))
    request = Preprocess(image=blue, preprocessor="frame")
    with pytest.raises(ExtensionError, match="tools failed in frame"):
        runner(server, [tmp_path], store).run(run(request=request))


NETWORKS = """
from webui.ext import Preprocessor, UserError, hookimpl

def seen(picture, options, services):
    assert services.depth("any", None, False) is None
    try:
        services.model("annotator", "edges")
    except UserError as error:
        return picture.reduce(services.kept("factor", lambda: len(services.device)))

@hookimpl
def register_preprocessors():
    return [Preprocessor("seen", {"en": "Seen", "pl": "Seen"}, seen, networks=True)]
"""


def test_a_preprocessor_with_networks_is_given_what_a_job_has(server, tmp_path, store, blue):
    extension(tmp_path, "tools", worker=NETWORKS)
    request = Preprocess(image=blue, preprocessor="seen")
    worker = runner(server, [tmp_path], store)
    assert worker.run(run(request=request)).outcome == "finished"
    (made,) = pictures(server)
    assert made.size == (90 // len("cpu"), 60 // len("cpu"))


def test_a_file_is_found_by_kind_and_name(tmp_path):
    folder = tmp_path / "models" / "controlnet"
    folder.mkdir(parents=True)
    save_file({"input_hint_block.0.weight": torch.zeros(1)}, folder / "canny.safetensors")
    (folder / "broken.safetensors").write_bytes(b"no weights")
    catalog = Catalog([folder.parent], tmp_path / "none", tmp_path / "index.sqlite")
    found = model_file(catalog, "controlnet", "Canny")
    assert (found.name, found.path.name, found.format) == (
        "canny",
        "canny.safetensors",
        "safetensors",
    )
    with pytest.raises(UserError, match="no cany among your models: did you mean canny"):
        model_file(catalog, "controlnet", "cany")
    with pytest.raises(UserError, match="no ip adapter model face"):
        model_file(catalog, "ip_adapter", "face")
    with pytest.raises(UserError, match="broken"):
        model_file(catalog, "controlnet", "broken")
