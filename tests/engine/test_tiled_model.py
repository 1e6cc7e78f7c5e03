import numpy as np
import pytest
import torch
from PIL import Image

from tests.fakes import FakeModel
from webui.core.errors import UserError
from webui.core.participants import Embedding
from webui.engine.tiled_model import TiledModel, decoded, encoded, tiled
from webui.imaging.tiles import tiling

X = torch.randn(2, 4, 20, 36, generator=torch.Generator().manual_seed(0))
WORDS = [Embedding(torch.full((77, 1), 0.3))] * 2


class Local(FakeModel):
    """Every latent for itself, so that tiles can make no difference; `unet` stands for a part."""

    unet = "its network"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[torch.Tensor, dict, torch.Tensor | None]] = []

    def predict_x0(self, x, sigma, embeddings, residuals=None, concat=None):
        self.seen.append((x, dict(residuals or {}), concat))
        return x.tanh() + sigma


def test_what_hangs_on_no_neighbour_is_the_same_in_tiles():
    model, check, told = Local(), [], []
    cut = tiling(36, 20, 16, 16, 4)
    tiled = TiledModel(model, cut, lambda: check.append(1), lambda *at: told.append(at))
    torch.testing.assert_close(tiled.predict_x0(X, 0.5, WORDS), X.tanh() + 0.5)
    assert {tuple(x.shape) for x, _, _ in model.seen} == {(2, 4, 16, 16)}
    tiles = len(cut.boxes())
    assert tiles == len(check) == 6 and told == [(number + 1, 6) for number in range(6)]


def test_neighbours_fade_into_each_other():
    class Numbers(Local):
        def predict_x0(self, x, *rest, **more):
            self.seen.append((x, {}, None))
            return torch.full_like(x, len(self.seen))

    row = TiledModel(Numbers(), tiling(24, 16, 16, 16, 8)).predict_x0(X[:, :, :16, :24], 1, WORDS)
    expected = [1.0] * 8 + [1 + (place + 0.5) / 8 for place in range(8)] + [2.0] * 8
    assert row[0, 0, 5].tolist() == pytest.approx(expected)


def test_what_belongs_to_the_whole_picture_is_cut_too():
    model = Local()
    tiled = TiledModel(model, tiling(32, 16, 16, 16, 0))
    x = X[:, :, :16, :32]
    half = torch.arange(16.0).expand(2, 7, 8, 16)
    residuals = {"down": (x * 2, half), "mid": half}
    tiled.predict_x0(x, 0.5, WORDS, residuals, concat=x[:, :1] * 3)
    for (part, added, concat), (left, right) in zip(model.seen, [(0, 16), (16, 32)], strict=True):
        assert torch.equal(part, x[..., left:right])
        assert isinstance(added["down"], tuple) and torch.equal(added["down"][0], part * 2)
        assert added["down"][1][0, 0, 0].tolist() == list(range(left // 2, right // 2))
        assert torch.equal(added["mid"], half[..., left // 2 : right // 2])
        assert concat is not None and torch.equal(concat, x[:, :1, :, left:right] * 3)


def test_parts_of_the_model_can_be_patched():
    tiled = TiledModel(Local(), tiling(36, 20, 16, 16, 4))
    assert tiled.unet == "its network" and tiled.info.id == "fake"
    with pytest.raises(AttributeError):
        tiled.nonsense  # noqa: B018


def test_a_large_picture_goes_into_latents_and_back_in_tiles():
    model, checks = FakeModel(), []
    cut = tiling(36, 20, 16, 16, 4)
    levels = np.random.default_rng(0).integers(0, 256, (20, 36, 3), np.uint8)
    image = Image.fromarray(levels).resize((288, 160), Image.Resampling.NEAREST)
    latents = encoded(model, image, cut, lambda: checks.append(1))
    assert latents.shape == (1, 4, 20, 36)
    expected = torch.from_numpy(levels).permute(2, 0, 1).float() / 127.5 - 1
    torch.testing.assert_close(latents[0, :3], expected, atol=1e-5, rtol=0)
    assert decoded(model, latents, cut, lambda: checks.append(1)) == image
    assert len(checks) == 12


def test_a_model_looks_at_tiles_while_it_is_asked_to():
    model = FakeModel()
    words = model.encode_texts(["cat"])
    x = torch.randn(1, 4, 8, 24, generator=torch.Generator().manual_seed(1))
    whole = model.predict_x0(x, 1.0, words)
    with tiled(model, 64, 16):
        parts = model.predict_x0(x, 1.0, words)
        with tiled(model, 32, 0):
            model.predict_x0(x[..., :8], 1.0, words)
        assert torch.equal(model.predict_x0(x, 1.0, words), parts), "as before the inner one"
    assert len(model.calls) == 1 + 4 + 1 + 4, "24 wide, 8 a tile, 2 shared: 4 tiles; 8 wide: one"
    assert torch.equal(model.predict_x0(x, 1.0, words), whole) and not torch.equal(parts, whole)


def test_what_is_added_inside_asks_for_sides_that_can_be_cut():
    model = FakeModel()
    words = model.encode_texts(["cat"])
    added = {"mid_block_additional_residual": torch.zeros(1, 4, 2, 3)}
    with tiled(model, 64, 16), pytest.raises(UserError, match="multiples of 64"):
        model.predict_x0(torch.zeros(1, 4, 12, 20), 1.0, words, added)
