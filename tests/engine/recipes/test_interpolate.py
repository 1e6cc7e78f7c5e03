import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.core.film import Interpolate
from webui.engine.recipes import RECIPES, Tools, batches
from webui.prompt.infotext import build_infotext

JOB = "a" * 32
SAID = "a cat\nSteps: 3, Sampler: Euler, Seed: 7, Size: 8x4"


def gray(level, size=(8, 4)):
    return Image.new("RGB", size, (level, level, level))


def made(pictures, done=(), times=4, apart=False):
    """index -> what is drawn of pictures number -> picture; and what was asked of whom."""
    there = {f"picture:{JOB}-{number}": picture for number, picture in pictures.items()}
    frames = max(pictures) * times + 1
    request = Interpolate(job=JOB, interpolator="fade", times=times, frames=frames)
    asked = []

    def interpolated(name, first, second, shares):
        asked.append((name, tuple(shares)))
        return [Image.blend(first, second, share) for share in shares]

    tools = Tools(
        model=lambda name: pytest.fail("no model is needed"),
        picture=there.__getitem__,
        has=there.__contains__,
        infotext=lambda ref: SAID,
        interpolated=interpolated,
    )
    whole = batches(request, done)
    parts = [[shot] for batch in whole for shot in batch] if apart else list(whole)
    drawn = [one for batch in parts for one in RECIPES["interpolate"](request, batch, tools)]
    return {one.index: one for one in drawn}, asked


@pytest.mark.parametrize("apart", [False, True])
def test_each_picture_and_what_lies_up_to_the_next(apart):
    drawn, asked = made({0: gray(0), 1: gray(100), 2: gray(20)}, apart=apart)
    levels = [drawn[index].image.getpixel((0, 0))[0] for index in range(9)]
    assert levels == [0, 25, 50, 75, 100, 80, 60, 40, 20]
    assert {name for name, _ in asked} == {"fade"}
    if not apart:
        assert asked == [("fade", (0.25, 0.5, 0.75))] * 2, "a network sees two pictures once"


def test_one_says_what_its_picture_says_and_where_it_lies():
    drawn, _ = made({0: gray(0), 1: gray(100)})
    assert build_infotext(drawn[0].parameters) == SAID
    assert build_infotext(drawn[1].parameters) == f"{SAID}, Interpolator: fade, Share: 0.25"
    assert {one.seed for one in drawn.values()} == {7}


def test_what_is_done_is_not_drawn_again():
    drawn, asked = made({0: gray(0), 1: gray(100), 2: gray(20)}, done=(0, 1, 2, 4, 8))
    assert sorted(drawn) == [3, 5, 6, 7]
    assert asked == [("fade", (0.75,)), ("fade", (0.25, 0.5, 0.75))]


def test_nothing_lies_between_pictures_of_which_one_is_gone():
    drawn, _ = made({0: gray(0), 1: gray(100), 3: gray(20), 4: gray(30)}, times=2)
    assert sorted(drawn) == [0, 1, 2, 6, 7, 8]


def test_pictures_of_different_sizes():
    with pytest.raises(UserError, match="8 × 4 and 4 × 4"):
        made({0: gray(0), 1: gray(9, (4, 4))})
