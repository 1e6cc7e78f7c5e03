"""Regional prompts: where they lie, how prompts are cut, and the weighted latents of a step."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from PIL import Image

from tests.extensions.control import COMPLETE, ROOT, drawn, loaded, services
from tests.models.families.drawing import load
from webui.core.errors import UserError
from webui.core.participants import Cond, Embedding
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.models.families.sd1 import SD1

LEFT, RIGHT = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def asked(prompt: str, hires=None, **options) -> Txt2Img:
    given = {"regional": {"enabled": True, **options}}
    values = {**COMPLETE, "prompt": prompt, "extensions": given, "hires": hires}
    return Txt2Img.model_validate(values)


def rewritten(prompt: str, **options) -> tuple[str, ...]:
    server = Extensions([ROOT / "extensions"], "server")
    return server.rewrite(asked(prompt, **options), Settings()).prompts


def regions(count: int, height: int, width: int, pictures=None, **options) -> torch.Tensor:
    """(branches, h, w) that the extension gives `count` branches."""
    job = loaded().participants("job", asked("x", **options), services({}, pictures or {}))
    embedding = ((0, Embedding(torch.zeros(1, 1))),)
    conds = [Cond("positive", 0, 1.0, embedding) for _ in range(count)]
    conds.append(Cond("negative", 0, 1.0, embedding))
    (one,) = job
    *positive, negative = one.conditioning(conds)
    assert negative.region is None
    return torch.stack([cond.region(height, width) for cond in positive])


def test_prompts_are_cut_into_parts():
    assert rewritten("a cat BREAK a dog") == ("a cat AND a dog",)
    assert rewritten("a cat\nAND a dog :1.2") == ("a cat AND a dog :1.2",)
    common = rewritten("oil painting BREAK a cat BREAK a dog", first="common")
    assert common == ("oil painting, a cat AND oil painting, a dog",)
    assert rewritten("a room BREAK a cat BREAK a dog", first="base", shares="2,1") == (
        "a room AND a cat AND a dog",
    )


def test_hires_words_are_cut_too():
    server = Extensions([ROOT / "extensions"], "server")
    request = asked("a BREAK b", hires={"prompt": "c BREAK d"})
    assert server.rewrite(request, Settings()).hires.prompt == "c AND d"


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("a BREAK b", {"shares": "1,1,1"}),
        ("a", {"shares": "1,1"}),
        ("a BREAK b", {"split": "masks", "masks": [LEFT]}),
        ("a", {"split": "masks"}),
        ("a", {"first": "base"}),
    ],
)
def test_too_few_or_too_many_parts_are_refused(prompt, options):
    with pytest.raises(UserError, match="divide it by BREAK"):
        rewritten(prompt, **options)


@pytest.mark.parametrize("shares", ["a", "1,,2", "0,1", "1;-1", "1," * 17 + "1", "1:2:3"])
def test_shares_that_cannot_be_read_are_refused(shares):
    server = Extensions([ROOT / "extensions"], "server")
    (problem,) = server.problems_with({"regional": {"shares": shares}})
    assert problem.field == "extensions.regional.shares"


def test_columns_rows_and_grids():
    columns = regions(2, 4, 6, shares="2,1")
    assert columns[0].tolist() == [[1, 1, 1, 1, 0, 0]] * 4
    assert torch.equal(columns.sum(dim=0), torch.ones(4, 6))
    rows = regions(2, 4, 6, split="rows")
    assert rows[1].tolist() == [[0] * 6] * 2 + [[1] * 6] * 2
    grid = regions(3, 6, 4, shares="2:1,1;1")
    assert grid[1].tolist() == [[0, 0, 1, 1]] * 4 + [[0] * 4] * 2
    assert grid[2].tolist() == [[0] * 4] * 4 + [[1] * 4] * 2
    across = regions(3, 4, 6, split="rows", shares="1,1;1")
    assert across[1].tolist() == [[0] * 6] * 2 + [[1, 1, 1, 0, 0, 0]] * 2
    assert torch.equal(across.sum(dim=0), torch.ones(4, 6))


def test_a_base_lies_under_all():
    made = regions(3, 4, 4, first="base", base=0.25)
    assert made[0].eq(0.25).all()
    assert made[1].tolist() == [[0.75, 0.75, 0, 0]] * 4


def test_masks_share_what_both_cover_and_the_base_has_the_rest():
    def mask(start: int, end: int) -> Image.Image:
        levels = np.zeros((8, 8), np.uint8)
        levels[:, start:end] = 255
        return Image.fromarray(levels)

    pictures = {LEFT: mask(0, 4), RIGHT: mask(3, 6)}
    given = {"split": "masks", "masks": [LEFT, RIGHT]}
    made = regions(3, 8, 8, pictures, first="base", base=0.2, **given)
    assert made[:, 0, 0].tolist() == pytest.approx([0.2, 0.8, 0])
    assert made[:, 0, 3].tolist() == pytest.approx([0.2, 0.4, 0.4])
    assert made[:, 0, 7].tolist() == pytest.approx([1, 0, 0])
    without = regions(2, 8, 8, pictures, **given)
    assert without[:, 0, 7].tolist() == pytest.approx([0.5, 0.5])


def test_soft_borders_still_fill_the_picture():
    made = regions(2, 16, 16, blur=0.25)
    torch.testing.assert_close(made.sum(dim=0), torch.ones(16, 16))
    assert 0.5 < made[0, 8, 6] < 1 and made[0, 8, 0] > 0.9


@torch.inference_mode()
@pytest.mark.parametrize("scale", [1, 5])
def test_one_step_is_the_weighted_sum_of_the_parts(tiny, scale):
    """With one step the latents are the prediction itself: each half is its own prompt's."""
    model = load(SD1(), tiny.folder_info)
    once = {"steps": 1, "cfg_scale": scale}
    both, result = drawn(model, asked("a red apple AND blue sea").with_(**once), {}, {})
    alone = [
        drawn(model, asked(text).with_(**once, extensions={}), {}, {})[0]
        for text in ("a red apple", "blue sea")
    ]
    torch.testing.assert_close(both[..., :4], alone[0][..., :4], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(both[..., 4:], alone[1][..., 4:], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(alone[0], alone[1], rtol=1e-2)
    assert result.parameters.values["Regions"] == "columns"


@torch.inference_mode()
def test_hires_has_the_regions_at_both_sizes(tiny):
    model = load(SD1(), tiny.folder_info)
    sizes: set[tuple[int, int]] = set()
    loaded()
    module = importlib.import_module("easel_extensions.regional.regions")
    make = module._box
    module._box = lambda box, height, width: sizes.add((height, width)) or make(box, height, width)
    try:
        drawn(model, asked("a AND b", hires={"scale": 2, "steps": 2}), {}, {})
    finally:
        module._box = make
    assert {(8, 8), (16, 16)} <= sizes


def test_branches_that_do_not_fit_are_named():
    with pytest.raises(UserError, match="regional: The prompt has 2 parts"):
        regions(2, 4, 4, shares="1,1,1")


AREAS = [
    {"prompt": "a cat", "box": [0, 0, 0.5, 0.5]},
    {"prompt": " ", "box": [0, 0, 1, 1]},
    {"prompt": "a dog", "mask": LEFT},
]


def test_areas_have_words_of_their_own_over_the_whole_prompt():
    given = {"split": "areas", "areas": AREAS}
    assert rewritten("a room", **given) == ("a room AND a cat AND a dog",)
    common = rewritten("oil", **given, joined=True)
    assert common == ("oil AND oil, a cat AND oil, a dog",)
    with pytest.raises(UserError, match="no areas yet"):
        rewritten("a room", split="areas", areas=AREAS[1:2])
    with pytest.raises(UserError, match="cannot be divided by AND"):
        rewritten("a room AND a house", **given)
    for prompt, more in ((("a room AND a cat AND a dog"), {}), (common[0], {"joined": True})):
        assert rewritten(prompt, **given, **more) == (prompt,), "as taken over from the picture"
    server = Extensions([ROOT / "extensions"], "server")
    bad = {"split": "areas", "areas": [{"box": [0.5, 0, 0.2, 1]}]}
    (problem,) = server.problems_with({"regional": bad})
    assert problem.field == "extensions.regional.areas.0.box"


def test_areas_lie_where_they_were_drawn_and_the_prompt_where_none_is():
    levels = np.zeros((4, 8), np.uint8)
    levels[:, 6:] = 255
    pictures = {LEFT: Image.fromarray(levels)}
    made = regions(3, 4, 8, pictures, split="areas", areas=AREAS, base=0.25)
    assert made[1].tolist() == [[0.75] * 4 + [0] * 4] * 2 + [[0] * 8] * 2
    assert made[2, 0].tolist() == [0] * 6 + [0.75] * 2
    assert made[0, 0].tolist() == [0.25] * 4 + [1] * 2 + [0.25] * 2
    torch.testing.assert_close(made.sum(dim=0), torch.ones(4, 8))
    with pytest.raises(UserError, match="regional: The prompt has 1 parts"):
        regions(2, 4, 8, pictures, split="areas", areas=AREAS)


@pytest.mark.parametrize(
    "options",
    [
        {"shares": "2:1,1;1", "first": "base", "base": 0.3},
        {"split": "rows", "blur": 0.1},
        {"split": "areas", "areas": AREAS[:1], "joined": True},
    ],
)
def test_what_pictures_say_fills_the_panel_again(options):
    job = loaded().participants("job", asked("x", **options), services({}, {}))
    server = Extensions([ROOT / "extensions"], "server")
    read = server.read_parameters(job[0].parameters())["regional"]
    assert read["enabled"] is True
    for name, value in options.items():
        if name == "areas":
            value = [{**AREAS[0], "box": [0.0, 0.0, 0.5, 0.5], "mask": None}]
        assert read[name] == value
    assert "regional" not in server.read_parameters({"Regions": "circles"})


def test_common_words_that_stand_in_a_pictures_prompt_are_not_taken_for_a_part():
    (prompt,) = rewritten("oil BREAK a cat BREAK a dog", first="common")
    job = loaded().participants("job", asked(prompt, first="common"), services({}, {}))
    server = Extensions([ROOT / "extensions"], "server")
    read = server.read_parameters(job[0].parameters())["regional"]
    assert rewritten(prompt, **{**read, "areas": []}) == (prompt,)
