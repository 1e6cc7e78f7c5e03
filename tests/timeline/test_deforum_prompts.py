"""Prompts against those that reached Deforum's generator (golden/deforum/prompts.json)."""

import json
from functools import cache
from typing import Any

import pytest

from tests.golden import golden
from webui.timeline.deforum_prompts import animated, interpolated, merged, split_weighted


@cache
def cases(part: str = "cases") -> list[dict[str, Any]]:
    return json.loads(golden("deforum/prompts.json").read_text(encoding="utf-8"))[part]


@pytest.mark.parametrize("mode", ["animation", "interpolation"])
def test_every_prompt_is_deforums_or_has_one_message(mode):
    make = animated if mode == "animation" else interpolated
    failing = 0
    for case in cases():
        texts = merged(case["prompts"], case["prompts_positive"], case["prompts_negative"])
        series = make(texts, case["max_frames"])
        wanted = case[mode]
        failing += not wanted["ok"]
        if wanted["ok"]:
            assert series.findings == (), case["id"]
            made = [list(pair) for pair in zip(series.positive, series.negative, strict=True)]
            assert made == wanted["frames"], case["id"]
        else:
            assert len(series.findings) == 1, case["id"]
            found = series.findings[0]
            assert found.parameter.startswith("prompts.") and found.position is not None
            assert found.problem.message.startswith(f"{found.parameter}, character ")
            assert len(series.positive) == case["max_frames"]
    assert failing == {"animation": 7, "interpolation": 8}[mode]


def test_splitting_alone():
    """Back-ticks are left out: in a run they are gone before a prompt is split."""
    for case in cases("split_weighted"):
        if case["ok"] and "`" not in case["text"]:
            assert list(split_weighted(case["text"])) == case["result"]


def test_a_table_without_prompts_is_told():
    for make in (animated, interpolated):
        series = make({}, 3)
        assert [found.parameter for found in series.findings] == ["prompts"]
        assert series.positive == ("", "", "")


def test_what_is_behind_the_end_is_not_evaluated():
    assert animated({"0": "a", "9": "`1+`"}, 3).findings == ()


def test_each_broken_prompt_has_its_message():
    series = animated({"0": "a `x`", "2": "fine", "3": "b `1+`", "4": "c"}, 6)
    assert [found.parameter for found in series.findings] == ["prompts.0", "prompts.3"]
    assert [found.position for found in series.findings] == [3, 3]
    assert series.positive[4] == "c"


def test_the_weight_of_a_network_may_be_a_formula():
    series = animated({"0": "a <lora:x:0.5+0.5*sin(t/10)> <lora:y:0.8>"}, 3)
    assert series.findings == ()
    assert series.positive[0] == "a <lora:x:0.5> <lora:y:0.8>"
    assert series.positive[2] == "a <lora:x:0.599335> <lora:y:0.8>"
    wrong = animated({"0": "a <lora:x:0.5+q>"}, 3)
    assert [(found.parameter, found.position) for found in wrong.findings] == [("prompts.0", 14)]
