"""Parts of a picture drawn anew for an extension."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.core.test_plugins import extension
from tests.extensions.control import COMPLETE, picture
from tests.fakes import FakeModel
from tests.worker.test_runner import Server, pictures, run, runner
from webui.core.errors import UserError
from webui.core.requests import Preprocess, Txt2Img
from webui.core.wire import Cancel
from webui.engine.recipes import Tools
from webui.worker.line import Control
from webui.worker.redrawing import redrawn

ASKED = {**COMPLETE, "schedule": "Karras", "steps": 4}
REQUEST = Txt2Img.model_validate(
    {**ASKED, "prompts": ["red", "blue"], "batch_count": 2, "cfg_scale": 1}
)
WORKER = """
from PIL import Image
from webui.ext import Participant, hookimpl

class Corner(Participant):
    def __init__(self, job):
        self.job = job
    def image(self, image):
        mask = Image.new("L", image.size)
        mask.paste(255, (0, 0, 32, 32))
        try:
            return self.job.services.inpaint(image, mask, {"strength": 1.0, "prompt": "red"})
        except Exception:
            return image.convert("L").convert("RGB")

@hookimpl
def participate(job):
    return Corner(job)
"""


def corner(size: int = 64, side: int = 24) -> Image.Image:
    mask = Image.new("L", (size, size))
    mask.paste(255, (0, 0, side, side))
    return mask


def drawn(values, request=REQUEST, mask=None, model=None) -> Image.Image:
    model = model or FakeModel()
    return redrawn(request, lambda: Tools(lambda name: model), picture(), mask or corner(), values)


def test_only_the_mask_changes_and_the_size_stays():
    before, after = np.asarray(picture()), np.asarray(drawn({"mask_blur": 0, "strength": 1.0}))
    assert after.shape == before.shape
    changed = (before != after).any(-1)
    assert changed[:20, :20].mean() > 0.9
    assert not changed[26:].any() and not changed[:, 26:].any()


def test_words_and_seeds_are_those_of_the_picture_if_nothing_else_is_said():
    first, second = drawn({"strength": 1.0}), drawn({"strength": 1.0, "number": 1})
    assert first != second
    said = {"strength": 1.0, "prompt": "blue", "seed": REQUEST.seed + 1}
    assert drawn(said) == second
    assert drawn({"strength": 1.0, "steps": 1}) != first


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({"strength": 2}, "strength"), ({"colour": 1}, "colour")],
)
def test_values_that_do_not_fit_are_named(values, sentence):
    with pytest.raises(UserError, match=sentence):
        drawn(values)


def test_nothing_masked_and_other_jobs_are_refused():
    with pytest.raises(UserError, match="mask"):
        drawn({}, mask=Image.new("L", (64, 64)))
    with pytest.raises(UserError, match="drawn anew"):
        drawn({}, Preprocess(image=f"sha256:{'a' * 64}", preprocessor="x"))


def test_a_participant_draws_in_its_job(tmp_path):
    extension(tmp_path, "corner", worker=WORKER)
    plain, changed = Server(Control()), Server(Control())
    runner(plain).run(run())
    runner(changed, folders=[tmp_path]).run(run())
    for before, after in zip(pictures(plain), pictures(changed), strict=True):
        differs = (np.asarray(before) != np.asarray(after)).any(-1)
        assert differs[:30, :30].mean() > 0.5
        assert not differs[48:].any()


def test_a_job_is_cancelled_in_the_midst_of_an_extension(tmp_path):
    """Its `except Exception` does not hold that up."""
    extension(tmp_path, "corner", worker=WORKER)
    server = Server(Control())

    def cancel(report):
        progress = getattr(report, "progress", None)
        if progress and progress.phase == "decoding":
            server.control.take(Cancel(token=4))

    server.on = cancel
    ended = runner(server, folders=[tmp_path]).run(run())
    assert ended.outcome == "cancelled"
    assert server.indices == []
