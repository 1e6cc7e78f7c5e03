import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from tests.engine.test_upscaler_tiles import picture
from tests.fakes import FakeModel
from webui.core.participants import Participant
from webui.core.paths import Paths
from webui.core.requests import TiledDiffusion
from webui.engine.recipes import Tools
from webui.engine.recipes.tiled import complete, cut_of, redrawn
from webui.library.catalog import Catalog
from webui.models.manager import ModelManager

IMAGE = picture(200, 130)


def levels(image):
    return np.asarray(image).astype(float)


def tools(model=None, **more) -> Tools:
    made = model or FakeModel()
    return Tools(model=lambda name: made, model_hash=lambda name: "0123456789", **more)


def drawn(image=IMAGE, model=None, **fields):
    asked = TiledDiffusion.model_validate({"seed": 3, **fields})
    return redrawn(asked, image, tools(model))


def test_the_picture_is_drawn_over_at_its_own_size_with_its_colours():
    result, values = drawn(strength=0.6)
    assert result.size == IMAGE.size and result.mode == "RGB"
    assert result != IMAGE
    for channel in range(3):
        drift = levels(result)[..., channel].mean() - levels(IMAGE)[..., channel].mean()
        assert abs(drift) < 1
    assert values["Tiled diffusion strength"] == 0.6
    assert values["Tiled diffusion model hash"] == "0123456789"
    assert values["Tiled diffusion prompt"] is None


def test_the_seed_decides():
    first, _ = drawn()
    assert drawn()[0] == first
    assert drawn(seed=4)[0] != first


def test_no_strength_leaves_the_picture_and_needs_no_model():
    def absent(name):
        raise AssertionError

    asked = TiledDiffusion(strength=0)
    assert redrawn(asked, IMAGE, Tools(model=absent)) == (IMAGE, {})


def test_more_strength_changes_more():
    changes = [
        np.abs(levels(drawn(strength=strength)[0]) - levels(IMAGE)).mean()
        for strength in (0.1, 0.4, 0.9)
    ]
    assert changes == sorted(changes) and changes[0] < changes[2] / 1.5


def test_what_is_left_open_is_as_the_model_s_card_says():
    model = FakeModel()
    open_fields = complete(TiledDiffusion(), model)
    card = model.info.card
    assert open_fields.tile == card.width and open_fields.steps == card.steps
    assert open_fields.sampler == card.sampler and open_fields.cfg_scale == card.cfg_scale
    asked = TiledDiffusion(sampler="Euler", steps=9, cfg_scale=3, tile=128, schedule="Karras")
    assert complete(asked, model).__dict__ == {
        "sampler": "Euler", "schedule": "Karras", "steps": 9, "cfg_scale": 3, "tile": 128,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "tile", "columns"),
    [((512, 64), 128, 5), ((64, 64), 512, 1), ((1024, 64), 500, 3), ((128, 64), 64, 3)],
)
def test_tiles_are_what_a_network_takes(size, tile, columns):
    cut = cut_of(Image.new("RGB", size), tile, 32, 8)
    assert len(cut.columns) == columns and cut.width * 8 == size[0]
    assert all((end - start) % 8 == 0 for start, end in cut.columns)
    if tile > 256:
        assert all(start % 8 == 0 for start, _ in cut.columns)


def test_without_a_prompt_the_negative_one_is_not_computed():
    counts = {}
    for prompt in ("", "hills"):
        model = FakeModel()
        drawn(model=model, prompt=prompt, steps=3, sampler="Euler", strength=1)
        counts[prompt] = sum(rows for _, rows in model.calls)
    assert counts["hills"] == 2 * counts[""] > 0


def test_every_tile_of_every_step_is_told_and_can_stop():
    told, phases, legs = [], [], []
    given = tools(
        part=lambda *at: told.append(at), phase=phases.append, legs=legs.append,
        participants=[Counts()],
    )  # fmt: skip
    asked = TiledDiffusion(strength=0.9, steps=5, sampler="Euler", seed=1)
    redrawn(asked, IMAGE, given)
    ((leg,),) = legs
    tiles = leg.steps // leg.calls
    assert leg.calls == 5 and tiles > 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (5 * tiles, 5 * tiles)
    assert {done for done, _ in told} == set(range(1, 5 * tiles + 1))
    assert phases == ["encoding", "encoding", "sampling", "decoding"]
    assert given.participants[0].indices == [0, 1, 2, 3, 4]

    def stop():
        if len(told) == 7:
            raise TimeoutError

    told.clear()
    with pytest.raises(TimeoutError):
        redrawn(asked, IMAGE, tools(check=stop, part=lambda *at: told.append(at)))
    assert len(told) == 7


class Counts(Participant):
    """Sees one run over the whole picture."""

    def __init__(self):
        self.indices = []

    def after(self, step):
        assert step.x.shape == (1, 4, 24, 32)  # 200 x 130, continued to multiples of 64
        self.indices.append(step.index)


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (65, 64)])
def test_pictures_of_any_size(size):
    assert drawn(picture(*size))[0].size == size


@pytest.mark.slow
def test_the_shipped_model_adds_detail_without_a_grid_or_a_drift_of_colour():
    info = Catalog.of(Paths.choose()).get("easel-demo")
    model = ModelManager(torch.device("cpu")).get(info, lambda done, total: None)
    small = Image.new("RGB", (64, 64), "#f4f4f4")
    ImageDraw.Draw(small).ellipse((10, 6, 54, 50), fill="#d03020")
    ImageDraw.Draw(small).rectangle((4, 48, 60, 60), fill="#3090e0")
    image = small.resize((256, 256), Image.Resampling.LANCZOS)
    result, _ = drawn(image, model, strength=0.25)
    assert len(cut_of(image, 128, 32, 8).columns) == 3

    broad = levels(result.reduce(32)) - levels(image.reduce(32))
    assert np.abs(broad).max() < 12 and np.abs(broad.mean((0, 1))).max() < 1
    steepest = [np.abs(np.diff(levels(one), axis=1)).max() for one in (image, result)]
    assert steepest[1] > 1.2 * steepest[0]  # edges became sharp

    # tiles begin at 64 and 128 and end at 128 and 192: no column there stands out
    jumps = np.abs(np.diff(levels(result) - levels(image), axis=1)).mean((0, 2))
    borders = [63, 127, 191]
    assert jumps[borders].max() < 3 * np.median(jumps)  # without overlap it is 11 times
