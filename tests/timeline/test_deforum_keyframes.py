"""Schedules against the numbers that Deforum itself computed (golden/deforum/schedules.json)."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.golden import golden
from webui.timeline.deforum_keyframes import is_plain, number_series, text_series
from webui.timeline.problems import FormulaError, found_in


@cache
def cases(name: str = "schedules", part: str = "cases") -> list[dict[str, Any]]:
    return json.loads(golden(f"deforum/{name}.json").read_text(encoding="utf-8"))[part]


def evaluate(case: dict[str, Any]) -> Any:
    text, frames, seed = case["schedule"], case["max_frames"], case["seed"]
    if case["single_string"]:
        return text_series(text, frames, seed)
    return number_series(text, frames, seed, case["method"], case["integer"])


def test_every_schedule_that_deforum_takes_has_its_values():
    valid = [case for case in cases() if case["ok"]]
    assert len(valid) == 122
    for case in valid:
        if case["single_string"]:
            assert list(evaluate(case)) == case["values"], case["id"]
        else:
            values = np.array([float(value) for value in case["values"]])
            told = f"{case['id']} {case['schedule']}"
            np.testing.assert_allclose(evaluate(case), values, rtol=1e-12, atol=1e-15, err_msg=told)


def test_every_schedule_that_deforum_stops_at_has_one_message_with_its_place():
    invalid = [case for case in cases() if not case["ok"]]
    assert len(invalid) == 48
    for case in invalid:
        with pytest.raises(FormulaError) as error:
            evaluate(case)
        found = found_in("angle", error.value)
        assert found.position is not None and 0 <= found.position <= len(case["schedule"])
        assert found.problem.message.startswith(f"angle, character {found.position + 1}: ")


@pytest.mark.parametrize(
    ("schedule", "code", "position"),
    [
        ("0:(where(t<5,1,2))", "schedule_comma", 12),
        ("0:(1),", "schedule_piece", 6),
        ("0", "schedule_colon", 1),
        ("0:(sin(t)", "formula_not_closed", 2),
        ("0:(1), 5: (t+pi)", "formula_name", 13),
        ('0:(1), "max_f/x":(2)', "formula_name", 14),
        ("0:(1), 2.5:(2)", "schedule_key", 7),
        ("0:(1), 1/0:(2)", "formula_zero", 8),
        ("0:(1), log(0):(2)", "schedule_key", 7),
        ("0:(1), " + "9" * 5000 + ":(2)", "schedule_key", 7),
        ("3:(1)", "schedule_start", 0),
        ("0:(sqrt(-1.0))", "schedule_no_number", 2),
        ("0:(-)", "formula_ends", 5),
        ("0:(t^2)", "formula_deforum", 4),
    ],
)
def test_places(schedule, code, position):
    with pytest.raises(FormulaError) as error:
        number_series(schedule, 10, 42)
    assert (error.value.code, error.value.position) == (code, position)


def test_a_key_that_is_never_reached_is_never_evaluated():
    assert list(number_series("0:(1), 9:(nonsense)", 3, 0)) == [1, 1, 1]


def test_what_counts_as_a_plain_number():
    for case in cases("prompts", "is_number"):
        assert is_plain(case["text"]) == case["is_number"], case


def test_a_text_schedule_takes_no_numbers():
    with pytest.raises(FormulaError) as error:
        text_series('0:("1234")', 5, 0)
    assert (error.value.code, error.value.position) == ("schedule_text", 2)
