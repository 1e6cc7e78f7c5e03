import numpy as np
import pytest
import torch
from PIL import Image

from tests.upscaler_files import write_network
from webui.core.errors import UserError
from webui.engine import upscaler_tiles
from webui.engine.upscaler_tiles import enlarged, enlarged_to, tile_size
from webui.models.upscalers import load_upscaler

CPU = torch.device("cpu")


def picture(width, height, seed=0):
    """Smooth colours with some noise over them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 9 + y / 14 + k) for k in range(3)], -1) * 90 + 128
    return Image.fromarray((waves + rng.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8))


def levels(image):
    return np.asarray(image).astype(int)


class Tiles:
    """Records what is told, and stops after some."""

    def __init__(self, stop_after=None):
        self.told = []
        self.stop_after = stop_after

    def check(self):
        if len(self.told) == self.stop_after:
            raise TimeoutError

    def progress(self, done, total):
        self.told.append((done, total))


@pytest.mark.parametrize(
    ("kind", "size", "tolerance"),
    [
        ("Compact", (150, 110), 0),  # it looks no further than the margin
        ("Compact", (40, 200), 0),
        ("ESRGAN", (150, 110), 2),  # this one and the next look further
        ("SwinIR", (144, 96), 2),
    ],
)
def test_tiles_make_no_difference(tmp_path, kind, size, tolerance):
    write_network(tmp_path / "x.pth", kind, scale=2)
    network = load_upscaler(tmp_path / "x.pth", CPU)
    image, tiles = picture(*size), Tiles()
    whole = enlarged(network, image, tiles.check, tiles.progress, tile=4096)
    assert tiles.told == [(1, 1)]
    parts = enlarged(network, image, tiles.check, tiles.progress, tile=64)
    assert whole.size == parts.size == (size[0] * 2, size[1] * 2)
    assert len(tiles.told) > 5 and tiles.told[-1][0] == tiles.told[-1][1]
    assert np.abs(levels(whole) - levels(parts)).max() <= tolerance
    assert levels(whole).std() > 1


def test_a_check_stops_between_tiles(tmp_path):
    write_network(tmp_path / "x.pth", "Compact")
    network = load_upscaler(tmp_path / "x.pth", CPU)
    tiles = Tiles(stop_after=2)
    with pytest.raises(TimeoutError):
        enlarged(network, picture(150, 150), tiles.check, tiles.progress, tile=64)
    assert [done for done, _ in tiles.told] == [1, 2]


class Doubles:
    """A network that repeats pixels, and has memory for so large a tile only."""

    name, scale, device, bytes_a_pixel = "doubles.pth", 2, CPU, 1000

    def __init__(self, largest=10**6, error: Exception | None = None):
        self.largest = largest
        self.error = error or torch.OutOfMemoryError("out of memory")
        self.sides = []

    def __call__(self, pixels):
        self.sides.append(max(pixels.shape[2:]))
        if self.sides[-1] > self.largest:
            raise self.error
        return pixels.repeat_interleave(2, 2).repeat_interleave(2, 3)


def test_a_full_memory_halves_the_tile_and_the_result_is_the_same():
    image = picture(300, 280)
    network = Doubles(largest=100)
    result = enlarged(network, image, lambda: None, lambda *_: None, tile=512)
    assert result == image.resize((600, 560), Image.Resampling.NEAREST)
    assert list(dict.fromkeys(network.sides)) == [300, 150, 75]


def test_memory_for_not_even_the_smallest_tile():
    with pytest.raises(UserError, match="not enough memory to run doubles.pth"):
        enlarged(Doubles(largest=10), picture(90, 90), lambda: None, lambda *_: None)


def test_other_failures_are_not_taken_for_a_full_memory():
    network = Doubles(largest=10, error=RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        enlarged(network, picture(90, 90), lambda: None, lambda *_: None)
    assert len(network.sides) == 1


@pytest.mark.parametrize(
    ("free", "kind", "side"),
    [(0, "cpu", 64), (2**34, "cpu", 256), (2**34, "cuda", 512), (2 * 1000 * 200**2, "cuda", 192)],
)
def test_tiles_are_as_large_as_half_of_the_free_memory_allows(monkeypatch, free, kind, side):
    monkeypatch.setattr(upscaler_tiles, "free_memory", lambda device: free)
    network = Doubles()
    network.device = torch.device(kind)
    assert tile_size(network) == side


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (65, 2)])
def test_thin_pictures(tmp_path, size):
    write_network(tmp_path / "x.pth", "ESRGAN", scale=4)
    network = load_upscaler(tmp_path / "x.pth", CPU)
    result = enlarged(network, picture(*size), lambda: None, lambda *_: None, tile=64)
    assert result.size == (size[0] * 4, size[1] * 4)


@pytest.mark.parametrize("size", [(50, 210), (97, 401), (100, 420)])
@pytest.mark.parametrize("most", [10**9, 20_000, 1])
def test_a_huge_result_is_made_band_by_band(tmp_path, size, most):
    write_network(tmp_path / "x.pth", "Compact", scale=4)
    network = load_upscaler(tmp_path / "x.pth", CPU)
    image, tiles = picture(50, 210), Tiles()
    whole = enlarged(network, image, tiles.check, tiles.progress, tile=4096)
    expected = whole.resize(size, Image.Resampling.LANCZOS)
    tiles.told.clear()
    result = enlarged_to(network, image, *size, tiles.check, tiles.progress, most)
    assert result.size == size
    assert np.abs(levels(result) - levels(expected)).max() <= 1
    assert tiles.told == [(number + 1, len(tiles.told)) for number in range(len(tiles.told))]
    assert len(tiles.told) == {10**9: 1, 20_000: 4, 1: 4}[most]
