"""The worker as the server starts it: a process, the real model, frames on its streams."""

import io
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.core.paths import CLONE, Paths
from webui.core.requests import Img2Img, Inpaint, Outpaint, Txt2Img
from webui.core.settings import Settings
from webui.core.wire import REPORT, Ended, Made, News, Ready, Run, read_frame, write_frame
from webui.library.store import Store
from webui.worker.process import execute, parse

REQUEST = Txt2Img(
    prompt="a red apple", model="easel-demo", sampler="DPM++ 2M", schedule="Karras", steps=8,
    cfg_scale=4, width=128, height=128, seed=1, variation_seed=1, noise_source="nv", clip_skip=1,
    image_format="png",
)  # fmt: skip


class Worker:
    """A worker process and what it reported."""

    def __init__(self, data: Path) -> None:
        self.store = Store(Paths.choose(data).pictures)
        folders = {"data": data, "models": CLONE / "models", "outputs": data / "outputs"}
        arguments = [f"--{name}={folder}" for name, folder in folders.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "webui.worker.process", *arguments],
            cwd=CLONE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def send(self, command) -> None:
        assert self.process.stdin
        write_frame(self.process.stdin, command)  # pyright: ignore[reportArgumentType]

    def until(self, kind: type) -> tuple[object, bytes, list[object]]:
        """Read reports up to the first of a kind: it, its bytes, and those before it."""
        before: list[object] = []
        assert self.process.stdout
        while frame := read_frame(self.process.stdout):  # pyright: ignore[reportArgumentType]
            report = REPORT.validate_python(frame[0])
            if isinstance(report, kind):
                return report, frame[1], before
            assert not isinstance(report, Ended), report
            before.append(report)
        raise AssertionError(f"the worker ended before {kind.__name__}")


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    worker = Worker(tmp_path_factory.mktemp("data"))
    watchdog = threading.Timer(600, worker.process.kill)
    watchdog.start()
    yield worker
    watchdog.cancel()
    worker.process.kill()
    worker.process.wait()
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream:
            stream.close()


@pytest.mark.slow
def test_it_draws_and_goes_on_after_a_failure(worker):
    ready, _, _ = worker.until(Ready)
    assert "DPM++ 2M" in [sampler.name for sampler in ready.offers.samplers]

    worker.send(Run(job="bad", token=1, request=REQUEST.with_(model="no such model")))
    ended, _, _ = worker.until(Ended)
    assert (ended.token, ended.outcome) == (1, "failed")
    assert "no such model" in ended.problem.message

    worker.send(Run(job="good", token=2, request=REQUEST, settings=Settings(preview_every=1)))
    made, data, before = worker.until(Made)
    assert any(isinstance(report, News) and report.progress.preview for report in before)
    image = Image.open(io.BytesIO(data)).convert("RGB")
    red, green, blue = image.crop((40, 50, 90, 110)).resize((1, 1)).getpixel((0, 0))
    assert red > 150 and red > green + 60 and red > blue + 60, "a red apple is red in the middle"
    assert image.getpixel((2, 2)) > (200, 200, 200), "on white"
    ended, _, _ = worker.until(Ended)
    assert (ended.token, ended.outcome) == (2, "finished")

    worker.send(Run(job="again", token=3, request=REQUEST))
    _, again, _ = worker.until(Made)
    assert again == data, "the same request gives the same bytes"
    worker.until(Ended)


def mean(image: Image.Image, *box: int) -> np.ndarray:
    return np.asarray(image.convert("RGB").crop(box), float).mean((0, 1))


@pytest.mark.slow
def test_it_draws_over_into_and_beyond_a_picture(worker):
    worker.send(Run(job="first", token=4, request=REQUEST))
    _, apple, _ = worker.until(Made)
    worker.until(Ended)
    before = Image.open(io.BytesIO(apple)).convert("RGB")
    common = REQUEST.model_dump(exclude={"kind", "hires", "reference_strength", "width", "height"})
    common |= {"image": worker.store.put(apple).id, "steps": 12}
    white = Image.new("L", before.size)
    white.paste(255, (40, 40, 90, 90))
    file = io.BytesIO()
    white.save(file, "PNG")
    mask = worker.store.put(file.getvalue()).id
    kinds = (
        Img2Img(**{**common, "prompt": "an orange", "strength": 0.8, "width": 128, "height": 128}),
        Inpaint(**{**common, "prompt": "a sunflower", "mask": mask}),
        Outpaint(**{**common, "right": 64}),
    )
    after = []
    for token, request in enumerate(kinds, start=5):
        worker.send(Run(job="over", token=token, request=request))
        _, data, _ = worker.until(Made)
        worker.until(Ended)
        after.append(Image.open(io.BytesIO(data)).convert("RGB"))
    orange, inpainted, wide = after
    assert mean(orange, 45, 50, 85, 100)[1] > mean(before, 45, 50, 85, 100)[1] + 40, "more green"
    assert mean(orange, 0, 0, 12, 12).min() > 230, "the ground is still white"
    inside = mean(inpainted, 55, 55, 75, 75) - mean(before, 55, 55, 75, 75)
    assert np.abs(inside).max() > 20, "something else is there"
    for box in ((0, 0, 128, 26), (0, 104, 128, 128), (0, 0, 26, 128)):
        assert inpainted.crop(box).tobytes() == before.crop(box).tobytes()
    assert wide.size == (192, 128)
    assert wide.crop((0, 0, 120, 128)).tobytes() == before.crop((0, 0, 120, 128)).tobytes()
    assert mean(wide, 130, 0, 192, 10).min() > 225, "the white ground goes on"


@pytest.mark.slow
def test_it_ends_when_the_server_is_gone(worker):
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0


class Raising:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, run: Run) -> Ended:
        raise self.error


def test_the_job_boundary_names_what_went_wrong(capsys):
    run = Run(job="j", token=3, request=REQUEST)
    known = execute(Raising(UserError("extension_twice", name="x")), run)  # pyright: ignore
    assert known.problem and known.problem.code == "extension_twice"
    unknown = execute(Raising(ZeroDivisionError("oops")), run)  # pyright: ignore
    assert unknown.problem and "ZeroDivisionError: oops" in unknown.problem.message
    assert (unknown.token, unknown.outcome) == (3, "failed")
    assert "Traceback" in capsys.readouterr().err


def test_the_folders_are_taken_from_the_server(tmp_path):
    paths = parse([f"--data={tmp_path}", f"--models={tmp_path / 'm'}", f"--outputs={tmp_path}"])
    assert (paths.data, paths.models, paths.outputs) == (tmp_path, tmp_path / "m", tmp_path)
