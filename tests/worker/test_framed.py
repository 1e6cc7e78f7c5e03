"""Extensions in an animation's frames: an object counts them all, for as long as it can go on."""

import pytest
from PIL import Image

from tests.core.test_plugins import extension
from tests.worker.test_animate import request
from tests.worker.test_runner import Server, pictures, run, runner
from webui.core.guarding import ExtensionError
from webui.core.participants import Services
from webui.core.plugins import Extensions
from webui.core.requests import Img2Img, Txt2Img
from webui.core.scheduled import marker
from webui.worker.framed import Framed
from webui.worker.line import Control

COUNTING = """
from PIL import Image
from webui.ext import Participant, hookimpl

class Count(Participant):
    def __init__(self, job):
        self.job, self.frames = job, []

    def start(self, numbers):
        self.frames += numbers

    def frame(self, job, before):
        if job.options.get("fail"):
            raise ValueError("no more")
        if job.options.get("follow"):
            self.job = job
            return True
        return super().frame(job, before)

    def image(self, image):
        told = len(self.frames), self.frames[-1], round(100 * self.job.options["by"])
        return Image.new("RGB", image.size, told)

@hookimpl
def participate(job):
    return Count(job) if job.options["by"] else None
"""
SETTINGS = {
    "max_frames": 4,
    "diffusion_cadence": 1,
    "animation_mode": "Interpolation",
    "prompts": {"0": "a", "3": "b"},
}


@pytest.fixture
def server() -> Server:
    return Server(Control())


def drawn(server: Server, folder, **options) -> list[tuple[int, int, int]]:
    """What each frame's picture says: how many its object drew, its number, its option."""
    server.made.clear()
    asked = request(**SETTINGS).with_(extensions={"counting": options})
    works = runner(server, [folder / "extensions"], animations=folder / str(len(options)))
    assert works.run(run(request=asked)).outcome == "finished"
    return [image.getpixel((0, 0)) for image in pictures(server)]


def test_a_participant_counts_the_frames(server, tmp_path):
    extension(tmp_path / "extensions", "counting", worker=COUNTING)
    whole = drawn(server, tmp_path, by=0.5)
    assert whole == [(1, 0, 50), (2, 1, 50), (3, 2, 50), (4, 3, 50)]


def test_its_options_by_a_schedule_make_it_anew_unless_it_follows(server, tmp_path):
    extension(tmp_path / "extensions", "counting", worker=COUNTING)
    by = marker("0:(0), 1:(0.1), 2:(0.2), 3:(0.2)")
    anew = drawn(server, tmp_path, by=by)
    assert anew[1:] == [(1, 1, 10), (1, 2, 20), (2, 3, 20)], "the first frame has none"
    follows = drawn(server, tmp_path, by=by, follow=True)
    assert follows[1:] == [(1, 1, 10), (2, 2, 20), (3, 3, 20)]


def at(framed: Framed, asked) -> list:
    def nothing(ref) -> Image.Image:
        raise LookupError(ref)

    return list(framed.at(asked, nothing, nothing))


def test_it_goes_on_with_the_job_as_it_is_then_and_a_failure_has_its_name(tmp_path):
    extension(tmp_path, "counting", worker=COUNTING)
    framed = Framed(Extensions([tmp_path], "worker"), "job", Services())

    def asked(**options):
        return Txt2Img(prompt="x", extensions={"counting": options})

    assert at(framed, Txt2Img(prompt="x")) == at(framed, asked(by=0)) == []
    (first,) = at(framed, asked(by=1))
    (second,) = at(framed, asked(by=1))
    assert second is first
    (third,) = at(framed, asked(by=2, follow=True))
    assert third is first
    picture = f"sha256:{'0' * 64}"
    over = Img2Img(prompt="x", image=picture, extensions={"counting": {"by": 3, "follow": True}})
    (same,) = at(framed, over)
    assert same is first
    (new,) = at(framed, asked(by=4))
    assert new is not first
    with pytest.raises(ExtensionError, match="counting"):
        at(framed, asked(by=4, fail=True))
    (other,) = at(Framed(Extensions([tmp_path], "worker"), "job", Services()), asked(by=4))
    assert other is not new, "a run that goes on has objects of its own"
