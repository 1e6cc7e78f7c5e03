import numpy as np
import pytest
import torch
from PIL import Image

from tests.engine.test_upscaler_tiles import picture
from tests.upscaler_files import write_network
from webui.core.errors import UserError
from webui.core.offers import UPSCALERS
from webui.engine import upscalers
from webui.engine.upscalers import Upscalers

CPU = torch.device("cpu")
LANCZOS = Image.Resampling.LANCZOS


@pytest.fixture
def menu(tmp_path):
    write_network(tmp_path / "upscalers" / "two.pth", "ESRGAN", scale=2)
    write_network(tmp_path / "ESRGAN" / "one.safetensors", "Compact", scale=1)
    return Upscalers([tmp_path], CPU)


@pytest.fixture
def passes(monkeypatch):
    """Sizes of what went through a network."""
    sizes = []
    original = upscalers.enlarged

    def recorded(network, image, check, progress):
        sizes.append(image.size)
        return original(network, image, check, progress)

    monkeypatch.setattr(upscalers, "enlarged", recorded)
    return sizes


def test_the_menu_tells_a_scale_once_it_is_known(menu):
    assert menu.infos()[: len(UPSCALERS)] == UPSCALERS
    assert [(info.name, info.scale) for info in menu.infos()[len(UPSCALERS) :]] == [
        ("one", None),
        ("two", None),
    ]
    menu.enlarge("two", picture(8, 8), 16, 16)
    assert menu.infos()[-1].scale == 2


@pytest.mark.parametrize("name", ["None", "Lanczos", "Nearest"])
@pytest.mark.parametrize("size", [(40, 60), (5, 3), (20, 30), (1, 1)])
def test_without_a_file(menu, name, size):
    image = picture(20, 30)
    how = Image.Resampling.NEAREST if name == "Nearest" else LANCZOS
    result = menu.enlarge(name, image, *size)
    assert result == (image.resize(size, how) if size != (20, 30) else image)


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("two", (20, 30), [(10, 15)]),
        ("two", (40, 60), [(10, 15), (20, 30)]),
        ("two", (25, 31), [(10, 15), (20, 30)]),
        ("two", (300, 400), [(10, 15), (20, 30), (40, 60)]),  # three times, then Lanczos
        ("two", (10, 15), [(10, 15)]),  # the same size: once, as A1111 does
        ("two", (9, 15), []),  # smaller: it is shrunk
        ("one", (30, 45), [(10, 15)]),  # it does not enlarge: once
    ],
)
def test_a_network_is_used_until_it_is_enough(menu, passes, name, target, expected):
    assert menu.enlarge(name, picture(10, 15), *target).size == target
    assert passes == expected


def test_what_is_too_large_is_shrunk_by_lanczos(menu):
    image = picture(20, 30)
    exact = menu.enlarge("two", image, 40, 60)
    assert menu.enlarge("two", image, 33, 47) == exact.resize((33, 47), LANCZOS)


def test_transparency_is_enlarged_on_its_own(menu, passes):
    image = picture(20, 30).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((20, 30)))
    result = menu.enlarge("two", image, 40, 60)
    assert result.mode == "RGBA" and passes == [(20, 30), (20, 30)]
    assert result.convert("RGB") == menu.enlarge("two", image.convert("RGB"), 40, 60)
    shapes = Image.merge("RGB", (image.getchannel("A"),) * 3)
    assert result.getchannel("A") == menu.enlarge("two", shapes, 40, 60).convert("L")


def test_an_even_transparency_needs_no_network(menu, passes):
    image = picture(20, 30).convert("RGBA")
    image.putalpha(77)
    assert menu.enlarge("two", image, 40, 60).getchannel("A").getextrema() == (77, 77)
    assert len(passes) == 1


@pytest.mark.parametrize(("mode", "result"), [("L", "RGB"), ("P", "RGB"), ("LA", "RGBA")])
@pytest.mark.parametrize("name", ["Lanczos", "two"])
def test_other_kinds_of_pictures(menu, mode, result, name):
    image = picture(12, 9).convert("RGBA" if mode == "LA" else "RGB").convert(mode)
    enlarged = menu.enlarge(name, image, 24, 18)
    assert (enlarged.mode, enlarged.size) == (result, (24, 18))


def test_a_name_that_is_not_there_and_a_file_that_is_broken(menu, tmp_path):
    with pytest.raises(UserError, match="no upscaler gone"):
        menu.enlarge("gone", picture(8, 8), 16, 16)
    (tmp_path / "upscalers" / "bad.pth").write_bytes(b"x")
    with pytest.raises(UserError, match="bad.pth is damaged"):
        menu.enlarge("bad", picture(8, 8), 16, 16)
    assert menu.enlarge("two", picture(8, 8), 16, 16).size == (16, 16)


def test_a_file_that_is_replaced_is_loaded_anew(menu, tmp_path):
    before = menu.enlarge("two", picture(8, 8), 16, 16)
    write_network(tmp_path / "upscalers" / "two.pth", "ESRGAN", scale=4, seed=5)
    after = menu.enlarge("two", picture(8, 8), 16, 16)
    assert np.abs(np.asarray(before).astype(int) - np.asarray(after)).max() > 1
    assert menu.infos()[-1].scale == 4


def test_progress_and_check_reach_the_tiles(menu):
    told = []
    menu.enlarge("two", picture(8, 8), 16, 16, progress=lambda *at: told.append(at))
    assert told == [(1, 1)]

    def stop():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        menu.enlarge("two", picture(8, 8), 16, 16, check=stop)


def test_what_would_be_too_much_at_once_is_made_in_bands(menu, passes, monkeypatch):
    image = picture(20, 200)
    whole = menu.enlarge("two", image, 30, 300)
    monkeypatch.setattr(upscalers, "MOST_AT_ONCE", 1000)
    banded = menu.enlarge("two", image, 30, 300)
    assert passes == [(20, 200)]  # the second went the other way
    menu.enlarge("two", image, 40, 400)  # and the third, which is all wanted, did not
    assert passes == [(20, 200)] * 2
    assert np.abs(np.asarray(banded).astype(int) - np.asarray(whole)).max() <= 1


def test_two_that_are_mixed_stay_loaded_and_a_third_takes_the_place_of_the_older(
    menu, tmp_path, monkeypatch
):
    loaded = []
    load = upscalers.load_upscaler
    monkeypatch.setattr(
        upscalers,
        "load_upscaler",
        lambda path, device: loaded.append(path.stem) or load(path, device),
    )
    write_network(tmp_path / "upscalers" / "three.pth", "Compact", scale=2)
    for name in ("two", "one", "two", "one", "three", "one", "two"):
        menu.enlarge(name, picture(8, 8), 8, 8)
    assert loaded == ["two", "one", "three", "two"]
