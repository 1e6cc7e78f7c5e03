import json
import random
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.golden import golden
from webui.timeline.deforum_keyframes import number_series
from webui.timeline.seeds import (
    BEHAVIORS,
    LARGEST_START,
    SEEDS,
    drawn,
    native_sequence,
    scheduled,
    sequence,
    start_seed,
)


@cache
def data() -> dict[str, Any]:
    return json.loads(golden("deforum/seeds.json").read_text(encoding="utf-8"))


def test_every_behaviour_counts_like_deforum():
    assert len(data()["sequences"]) == 27
    for case in data()["sequences"]:
        draw = random.Random(case["python_random_seed"])
        seeds = sequence(case["behavior"], case["start"], 16, draw, case["seed_iter_N"])
        assert seeds == case["seeds"], case["behavior"]


def test_schedules_of_seeds_are_cut():
    for case in data()["seed_schedules"]:
        series = number_series(case["schedule"], case["max_frames"], case["seed"])
        assert series == pytest.approx(case["raw"], rel=1e-12)
        assert scheduled(series) == case["used"]


def test_a_start_seed_is_drawn_as_deforum_draws_it():
    golden_seed = 224899942  # pipeline.json, c23: random.seed(123)
    assert start_seed(-1, random.Random(123)) == golden_seed <= LARGEST_START
    assert start_seed(5, random.Random()) == 5 and start_seed(0, random.Random()) == 0


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_native_seeds_are_the_same_each_time_and_fit_32_bits(behavior):
    seeds = native_sequence(behavior, SEEDS - 2, 10)
    assert seeds == native_sequence(behavior, SEEDS - 2, 10)
    assert seeds[0] == SEEDS - 2 and all(0 <= seed < SEEDS for seed in seeds)
    assert len(native_sequence(behavior, 1, 1)) == 1


def test_native_iter_uses_the_first_seed_as_often_as_the_others():
    assert native_sequence("iter", 42, 7, 3) == [42, 42, 42, 43, 43, 43, 44]


def test_minus_one_is_drawn_differently_at_each_frame_and_the_same_each_time():
    seeds = drawn([5, -1, -1, SEEDS + 1], 7)
    assert seeds[0] == 5 and seeds[3] == 1 and seeds[1] != seeds[2]
    assert seeds == drawn([5, -1, -1, SEEDS + 1], 7) != drawn([5, -1, -1, SEEDS + 1], 8)


def test_infinite_seeds_do_not_get_here():
    with pytest.raises(OverflowError):
        scheduled(np.array([np.inf]))
