"""Every kind of picture through every kind of editing, by the shell and the shipped model."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.bad_pictures import BROKEN, ODD, black, file_of, photo
from webui.app import open_door
from webui.cli import generate
from webui.cli.parser import read_arguments
from webui.imaging.ingest import opened

pytestmark = pytest.mark.slow

QUICK = ("--steps", "2", "--seed", "5", "--format", "png")
Shell = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Commands over one server, which loads the model once."""
    data = tmp_path_factory.mktemp("data")
    options = read_arguments(["generate", "", "--data-dir", str(data)])
    with open_door(options) as connection:

        @contextmanager
        def door():
            yield connection

        def run(*arguments: object) -> int:
            given = read_arguments([str(one) for one in arguments])
            return generate.run(given, door, "en")

        yield run


@pytest.fixture
def edit(shell: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs a command in a folder of its own; its exit code and its result."""

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = shell(*arguments, "--out", tmp_path / "out", "--json")
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def made(answer: tuple[int, dict[str, Any]]) -> Image.Image:
    code, told = answer
    assert (code, told["problems"]) == (0, [])
    [file] = told["files"]
    return read(Path(file["file"]))


def read(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.copy()


def refused(answer: tuple[int, dict[str, Any]]) -> str:
    code, told = answer
    assert code != 0 and told["files"] == []
    [problem] = told["problems"]
    assert problem["message"].endswith(".") and "{" not in problem["message"]
    return problem["code"]


def laid(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def mask_for(folder: Path, size: tuple[int, int], box: tuple[int, int, int, int]) -> Path:
    """White in the box, which is given in tenths of the sides."""
    width, height = size
    mask = Image.new("L", size)
    left, top = box[0] * width // 10, box[1] * height // 10
    right, bottom = -(-box[2] * width // 10), -(-box[3] * height // 10)
    mask.paste(255, (left, top, right, bottom))
    return laid(folder, "mask.png", file_of(mask))


def changed(before: Image.Image, after: Image.Image) -> np.ndarray:
    """(H, W): where any channel differs; of what is clear on both, nothing does."""
    assert (before.mode, before.size) == (after.mode, after.size)
    return (np.asarray(before) != np.asarray(after)).any(axis=-1)


@pytest.mark.parametrize("name", ODD)
def test_img2img_of_any_picture(edit: Shell, tmp_path: Path, name: str) -> None:
    given = laid(tmp_path, "given", ODD[name][0]())
    size = ("--width", 64, "--height", 64)
    image = made(edit("img2img", given, "an apple", "--strength", "0.5", *size, *QUICK))
    assert (image.mode, image.size) == ("RGB", (64, 64))


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("area", ["whole", "masked"])
def test_inpainting_any_picture_leaves_the_rest_alone(
    edit: Shell, tmp_path: Path, name: str, area: str
) -> None:
    data = ODD[name][0]()
    before = opened(data)
    given = laid(tmp_path, "given", data)
    mask = mask_for(tmp_path, before.size, (3, 3, 6, 6))
    after = made(
        edit("inpaint", given, "a red apple", "--mask", mask, "--mask-blur", 0, "--area", area,
             "--strength", 1, "--content", "latent_noise", *QUICK)
    )  # fmt: skip
    where = changed(before, after)
    inside = np.asarray(read(mask)) > 0
    assert not where[~inside].any()
    assert where[inside].mean() > 0.5


@pytest.mark.parametrize("name", ODD)
def test_outpainting_any_picture_keeps_it(edit: Shell, tmp_path: Path, name: str) -> None:
    data = ODD[name][0]()
    before = opened(data)
    given = laid(tmp_path, "given", data)
    after = made(
        edit("outpaint", given, "a field", "--right", 24, "--down", 9, "--mask-blur", 4, *QUICK)
    )
    assert after.size == (before.width + 24, before.height + 9)
    deep = (0, 0, before.width - 4, before.height - 4)
    if min(deep[2:]) > 0:
        assert not changed(before.crop(deep), after.crop(deep)).any()


@pytest.mark.parametrize("name", ODD)
def test_upscaling_any_picture(edit: Shell, tmp_path: Path, name: str) -> None:
    data = ODD[name][0]()
    before = opened(data)
    given = laid(tmp_path, "given", data)
    after = made(edit("upscale", given, "--by", 2, "--upscaler", "Nearest", "--format", "png"))
    assert (after.mode, after.size) == (before.mode, (before.width * 2, before.height * 2))
    if "alpha" not in name and "clear" not in name:
        assert not changed(before, after.resize(before.size, Image.Resampling.NEAREST)).any()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_is_refused_everywhere(edit: Shell, tmp_path: Path, name: str) -> None:
    make, code = BROKEN[name]
    bad = laid(tmp_path, "bad.png", make())
    good = laid(tmp_path, "good.png", file_of(photo()))
    assert refused(edit("img2img", bad, "a")) == code
    assert refused(edit("inpaint", good, "a", "--mask", bad)) == code
    assert refused(edit("upscale", bad)) == code
    assert refused(edit("generate", "{image} on a plate", "--image", bad)) == code


@pytest.mark.parametrize("size", [(48, 32), (192, 128), (97, 64), (64, 64)])
def test_a_mask_of_another_size(edit: Shell, tmp_path: Path, size: tuple[int, int]) -> None:
    given = laid(tmp_path, "given", file_of(photo()))
    mask = mask_for(tmp_path, size, (0, 0, 5, 5))
    answer = edit("inpaint", given, "a", "--mask", mask, "--mask-blur", 0, *QUICK)
    if size == (64, 64):
        assert refused(answer) == "mask_shape"
        return
    where = changed(photo(), made(answer))
    assert where[:28, :44].mean() > 0.5
    assert not where[36:].any() and not where[:, 52:].any()


def test_masks_of_nothing_of_everything_and_of_what_is_clear(edit: Shell, tmp_path: Path) -> None:
    given = laid(tmp_path, "given", file_of(photo()))
    nothing = laid(tmp_path, "nothing.png", file_of(Image.new("L", (96, 64))))
    everything = laid(tmp_path, "everything.png", file_of(Image.new("L", (96, 64), 255)))
    for area in ("whole", "masked"):
        run = ("inpaint", given, "a", "--area", area, *QUICK)
        assert refused(edit(*run, "--mask", nothing)) == "mask_blank"
        assert refused(edit(*run, "--mask", everything, "--invert")) == "mask_blank"
        assert refused(edit(*run)) == "mask_blank"
        assert changed(photo(), made(edit(*run, "--mask", everything))).mean() > 0.9
    clear = laid(tmp_path, "clear", ODD["clear corner"][0]())
    before = opened(clear.read_bytes())
    where = changed(before, made(edit("inpaint", clear, "a", "--mask-blur", 0, *QUICK)))
    assert where[:32, :48].all() and not where[32:].any() and not where[:, 48:].any()


@pytest.mark.parametrize("strength", [0, 0.001, 0.999, 1])
def test_strengths_from_nothing_to_all(edit: Shell, tmp_path: Path, strength: float) -> None:
    given = laid(tmp_path, "given", file_of(photo(64, 64)))
    mask = mask_for(tmp_path, (64, 64), (2, 2, 8, 8))
    run = ("--strength", strength, *QUICK)
    far = made(edit("img2img", given, "a red apple", *run, "--width", 64, "--height", 64))
    distance = np.abs(np.asarray(far, float) - np.asarray(photo(64, 64), float)).mean()
    assert distance < 40 if strength < 0.5 else distance > 40
    after = made(edit("inpaint", given, "a red apple", "--mask", mask, "--mask-blur", 0, *run))
    assert not changed(photo(64, 64), after)[:12].any()


@pytest.mark.parametrize("intent", ["fill", "add", "remove", "expand", "replace_background"])
def test_every_intent(edit: Shell, tmp_path: Path, intent: str) -> None:
    given = laid(tmp_path, "given", file_of(photo()))
    mask = mask_for(tmp_path, (96, 64), (4, 4, 6, 6))
    run = ("--mask", mask, "--intent", intent, "--mask-blur", 0, *QUICK)
    where = changed(photo(), made(edit("inpaint", given, "a cat", *run)))
    inside = np.asarray(read(mask)) > 0
    drawn = ~inside if intent == "replace_background" else inside
    assert where[drawn].mean() > 0.5 and not where[~drawn].any()


def test_a_large_picture_is_edited_in_its_own_size(edit: Shell, tmp_path: Path) -> None:
    given = laid(tmp_path, "given", black(3000, 2000))
    mask = mask_for(tmp_path, (3000, 2000), (4, 4, 5, 5))
    run = ("--mask", mask, "--mask-blur", 0, "--area", "masked", "--strength", 1, *QUICK)
    after = np.array(made(edit("inpaint", given, "a red apple", *run)))
    assert after.shape == (2000, 3000, 3)
    assert after[800:1000, 1200:1500].mean() > 10
    after[800:1000, 1200:1500] = 0
    assert not after.any()


def test_second_passes_loops_and_tiles(edit: Shell, tmp_path: Path) -> None:
    given = laid(tmp_path, "given", file_of(photo(64, 64)))
    small = ("--width", 64, "--height", 64)
    twice = made(edit("generate", "an apple", *small, "--hires", 2, *QUICK))
    assert twice.size == (128, 128)
    for upscaler in ("Latent (nearest-exact)", "Lanczos", "None"):
        run = ("--hires-upscaler", upscaler, "--hires-to", "96x96", *QUICK)
        assert made(edit("generate", "an apple", *small, *run)).size == (96, 96)
    finished = made(edit("generate", "an apple", "--hires-image", given, "--hires", 1.5, *QUICK))
    assert finished.size == (96, 96)
    code, told = edit("img2img", given, "an apple", *small, "--loopback", 3, *QUICK)
    assert code == 0 and len(told["files"]) == 3
    run = ("--diffusion", "--prompt", "an apple", "--tile", 64, "--overlap", 16)
    tiled = made(edit("upscale", given, "--by", 2, *run, *QUICK))
    assert tiled.size == (128, 128)
    assert changed(photo(64, 64).resize((128, 128), Image.Resampling.LANCZOS), tiled).any()


def test_a_reference_is_what_the_picture_begins_with(edit: Shell, tmp_path: Path) -> None:
    given = laid(tmp_path, "given", file_of(photo(64, 64)))
    run = ("--image", given, "--image-strength", 0.3, "--width", 64, "--height", 64, *QUICK)
    begun = np.asarray(made(edit("generate", "{image}, an apple", *run)), float)
    assert np.abs(begun - np.asarray(photo(64, 64), float)).mean() < 60
    assert refused(edit("generate", "{image} and {image:2}", "--image", given)) == (
        "reference_missing"
    )


def test_a_soft_mask_changes_its_grey_parts_less(edit: Shell, tmp_path: Path) -> None:
    given = laid(tmp_path, "given", file_of(photo(128, 64)))
    levels = np.zeros((64, 128), np.uint8)
    levels[:, 32:] = np.linspace(0, 255, 96).astype(np.uint8)
    mask = laid(tmp_path, "mask.png", file_of(Image.fromarray(levels)))
    run = ("--mask", mask, "--mask-blur", 0, "--soft", "--strength", 1, "--steps", 6, "--seed", 5)
    after = made(edit("inpaint", given, "a red apple", *run))
    change = np.abs(np.asarray(photo(128, 64), float) - np.asarray(after, float)).mean(axis=(0, 2))
    assert change[:32].max() == 0
    assert change[40:60].mean() < change[100:].mean()
