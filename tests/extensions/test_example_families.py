"""An architecture that an extension brings, from the file to the picture."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.extensions.test_examples import EXAMPLES, forget
from tests.jobs.test_checks import taken
from tests.worker.test_runner import Server
from webui.core.memory import Memory, estimate
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.core.wire import Ended, Run
from webui.engine.upscalers import Upscalers
from webui.library.catalog import Catalog
from webui.library.needs import Asked, sizes_of
from webui.library.store import Store
from webui.library.suiting import suits
from webui.models.manager import ModelManager
from webui.worker.line import Control
from webui.worker.process import execute
from webui.worker.runner import Runner

CPU = torch.device("cpu")
HOME = "example_families"


@dataclass
class Program:
    """Both sides of the program on one data folder."""

    paths: Paths
    server: Extensions
    worker: Extensions

    @property
    def catalog(self) -> Catalog:
        return Catalog.of(self.paths, self.server.architectures)

    def drawn(self, request: Txt2Img) -> tuple[Ended, list[Image.Image]]:
        catalog = Catalog.of(self.paths, self.worker.architectures)
        models = ModelManager(CPU, more=self.worker.families)
        told = Server(Control())
        store = Store(self.paths.pictures)
        parts = (catalog, models, Upscalers([], CPU), store, self.worker, told.send, told.control)
        settings = Settings(live_preview=False)
        run = Run(job="job", token=1, request=request, settings=settings)
        ended = execute(Runner(*parts), run)
        return ended, [Image.open(io.BytesIO(data)) for _, data in told.made]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    paths = Paths.choose(tmp_path, tmp_path / "models", tmp_path / "outputs")
    shutil.copytree(EXAMPLES / HOME, tmp_path / "extensions" / HOME)
    words = torch.zeros(256, 4)
    words[ord("r")] = torch.tensor([1.0, -1, -1, 0])
    words[ord("b")] = torch.tensor([-1.0, -1, 1, 0])
    weights = {"example.words.table": words, "example.tint": torch.zeros(4, 1, 1)}
    (paths.models / "checkpoints").mkdir(parents=True)
    save_file(weights, paths.models / "checkpoints" / "colours.safetensors")
    folder = [tmp_path / "extensions"]
    yield Program(paths, Extensions(folder, "server"), Extensions(folder, "worker"))
    forget()


def asked(program: Program, **values: Any) -> Txt2Img:
    request = taken(
        {"prompt": "rr", "model": "colours", "seed": 1, **values},
        catalog=program.catalog,
        extensions=program.server,
    )
    assert isinstance(request, Txt2Img)
    return request


def test_it_is_listed_chosen_suited_and_reckoned_with(program: Program):
    info = program.catalog.get("colours")
    assert (info.family, info.extension, info.problem) == ("example", HOME, None)
    request = asked(program)
    assert (request.width, request.height, request.steps, request.sampler, request.cfg_scale) == (
        *(64, 64, 4),
        *("Euler", 2),
    )
    told = suits(info, {"width": 512, "height": 512, "clip_skip": 2})
    assert [one.code for one in told.hints] == ["hint_large", "hint_unused"]
    sizes = sizes_of(info, 4)
    assert (sizes.text, sizes.network) == (256 * 4 * 4, 4 * 4)
    memory = Memory(kind="cpu", free=2**33, total=2**33, ram_free=2**33, ram_total=2**33)
    work = Asked.of({"model": "colours"}).of_model(info)
    assert work.pixels == 64 * 64 and estimate(sizes, work, memory).enough


def test_pictures_are_what_its_words_say(program: Program):
    for prompt, colour in (("rr", (255, 0, 0)), ("bb", (0, 0, 255))):
        request = asked(program, prompt=prompt, negative_prompt="-", steps=12, cfg_scale=1.5)
        ended, (picture,) = program.drawn(request)
        assert ended.outcome == "finished", ended.problem
        mean = np.asarray(picture).reshape(-1, 3).mean(0)
        assert picture.size == (64, 64)
        assert int(mean.argmax()) == colour.index(255) and mean.max() > 150 > mean.min() + 60


def test_hires_and_image_to_image_work_too(program: Program):
    ended, (picture,) = program.drawn(asked(program, hires={"scale": 2, "steps": 2}))
    assert ended.outcome == "finished" and picture.size == (128, 128), ended.problem


def test_one_that_does_not_load_fails_its_job_by_name(program: Program, capsys: Any):
    file = program.paths.data / "extensions" / HOME / "worker.py"
    code = file.read_text(encoding="utf-8")
    for wrong, said in (
        (code.replace("return Model(", "return Models("), "failed in load: NameError"),
        (code.replace("x + sigma**2", "x + sigmas**2"), "failed in predict_x0: NameError"),
        (code.replace('name = "example"', 'name = "other"'), "does not register that family"),
    ):
        forget()
        file.write_text(wrong, encoding="utf-8")
        program.worker = Extensions([program.paths.data / "extensions"], "worker")
        ended, _ = program.drawn(asked(program))
        assert ended.outcome == "failed" and ended.problem
        assert ended.problem.values["name"] == HOME and said in ended.problem.message


def test_without_its_extension_the_file_is_no_model(program: Program):
    program.server.switch([HOME])
    info = next(one for one in program.catalog.models() if one.id == "colours")
    assert info.problem is not None and info.problem.code == "model_unknown_kind"


def test_another_vae_is_refused_by_a_sentence(program: Program):
    vaes = program.paths.models / "vae"
    vaes.mkdir()
    save_file({"decoder.conv_in.weight": torch.zeros(2, 2, 3, 3)}, vaes / "sharp.safetensors")
    ended, _ = program.drawn(asked(program).with_(vae="sharp"))
    assert ended.problem and ended.problem.code == "vae_own_only"
