"""From a plot to its cells."""

from itertools import count
from typing import Any

import pytest

from webui.core.errors import UserError
from webui.core.plot import Plot
from webui.plots.axes import Choice, axes_of
from webui.plots.planning import Grid, plan

MENUS = {"model": (Choice("one"), Choice("two"))}
AXES = axes_of("txt2img", MENUS)


def grid(language: str = "en", **values: Any) -> Grid:
    axes = {
        place: dict(zip(("axis", "values"), values.pop(place), strict=True))
        for place in "xyz"
        if place in values
    }
    seeds = count(100)
    plot = Plot.model_validate({"base": {"prompt": "a cat", "seed": 7}, **axes, **values})
    return plan(plot, AXES, lambda: next(seeds), language)


def of(made: Grid, name: str) -> list[Any]:
    return [cell.values.get(name) for cell in made.cells]


def test_cells_by_column_row_and_sheet() -> None:
    made = grid(x=("Steps", "4,8"), y=("CFG Scale", "3,7"), z=("Seed", "1,2"))
    assert of(made, "steps") == [4, 8] * 4
    assert of(made, "cfg_scale") == [3, 3, 7, 7] * 2
    assert of(made, "seed") == [1] * 4 + [2] * 4
    assert made.cells[5].at == (1, 0, 1)
    assert [line.labels for line in made.lines] == [
        *(("Steps: 4", "Steps: 8"), ("CFG scale: 3", "CFG scale: 7"), ("Seed: 1", "Seed: 2"))
    ]
    assert made.order == tuple(range(8))
    assert made.fixed == {"z": "1, 2"}


def test_models_change_least_often() -> None:
    made = grid(x=("Checkpoint name", "one,two"), y=("Steps", "1-3"))
    drawn = [made.cells[place].values for place in made.order]
    assert [one["model"] for one in drawn] == ["one"] * 3 + ["two"] * 3
    assert [one["steps"] for one in drawn] == [1, 2, 3] * 2


def test_seeds_are_drawn_once() -> None:
    open_seed = {"prompt": "a cat", "seed": -1}
    assert of(grid(base=open_seed, x=("Steps", "1-3")), "seed") == [100] * 3
    assert of(grid(base=open_seed, x=("Steps", "1-3")), "variation_seed") == [101] * 3
    kept = grid(base=open_seed, x=("Steps", "1-3"), keep_random_seeds=True)
    assert of(kept, "seed") == [-1] * 3
    drawn = grid(x=("Seed", "-1,5,-1"))
    assert (of(drawn, "seed"), drawn.fixed) == ([100, 5, 101], {"x": "100, 5, 101"})
    kept = grid(x=("Seed", "-1,5"), keep_random_seeds=True)
    assert (of(kept, "seed"), kept.fixed) == ([-1, 5], {})
    assert of(grid(x=("Seed", "")), "seed") == [100]


def test_seeds_that_vary() -> None:
    axes: dict[str, Any] = {
        "x": ("Steps", "1,2"),
        "y": ("CFG Scale", "3,4"),
        "z": ("Clip skip", "1,2"),
    }
    assert of(grid(**axes, vary_x=True), "seed") == [7, 8] * 4
    assert of(grid(**axes, vary_y=True), "seed") == [7, 7, 8, 8] * 2
    assert of(grid(**axes, vary_x=True, vary_y=True, vary_z=True), "seed") == list(range(7, 15))
    assert of(grid(**axes, vary_x=True, vary_z=True), "seed") == [7, 8, 7, 8, 9, 10, 9, 10]


def test_two_searches_are_two_axes() -> None:
    base = {"prompt": "red cat"}
    made = grid(base=base, x=("Prompt S/R", "red,blue"), y=("Prompt S/R", "cat,fox"))
    assert of(made, "prompt") == ["red cat", "blue cat", "red fox", "blue fox"]


def test_words_in_the_users_language() -> None:
    assert grid("pl", x=("Steps", "4")).lines[0].labels == ("Kroki: 4",)


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({}, "plot_no_axis", "x.axis"),
        ({"x": ("Nonsense", "1")}, "axis_unknown", "x.axis"),
        ({"x": ("Steps", "1"), "y": ("steps", "2")}, "plot_same_axis", "y.axis"),
        ({"x": ("Steps", "1-40"), "y": ("Seed", "1-40")}, "plot_too_large", "x.values"),
        ({"z": ("Steps", "many")}, "axis_not_whole", "z.values"),
        ({"y": ("Hires steps", "1")}, "axis_part_off", "y.axis"),
    ],
)
def test_what_does_not_fit(values: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(UserError) as caught:
        grid(**values)
    assert (caught.value.problem.code, caught.value.problem.field) == (code, field)
