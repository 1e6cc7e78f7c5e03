"""Prompt editing against A1111's answers, and against random text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.core.errors import UserError
from webui.prompt.schedule import DEEPEST, read_schedule


def test_schedules_are_a1111s() -> None:
    cases = json.loads(golden("a1111/prompt_schedule.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        read = read_schedule(
            case["text"], case["steps"], case["hires_steps"], case["use_old_scheduling"]
        )
        allowed = [case["result"], *case.get("other_results", [])]
        assert [list(entry) for entry in read] in allowed, case
    assert len(cases) == 301


def test_a_stray_bar_or_backslash_makes_the_whole_prompt_plain() -> None:
    for text in ("a | [b:c:3]", "(a|b) [b:c:3]", "[b:c:3] \\", "[b|c", "[b:c:3] [a|b:3]"):
        assert read_schedule(text, 10) == ((10, text),)


def test_numbers_of_any_size_are_held_within_the_steps() -> None:
    assert read_schedule("[a:b:1e999]", 10) == ((10, "a"),)
    assert read_schedule("[a:b:-1e999]", 10) == ((10, "b"),)


def nested(depth: int) -> str:
    return "[" * depth + "a" + ":b:3]" * depth


def test_schedules_nested_too_deep_are_refused_in_a_sentence() -> None:
    assert read_schedule(nested(DEEPEST), 10) == ((3, "a"), (10, "b"))
    with pytest.raises(UserError, match=f"more than {DEEPEST} deep"):
        read_schedule(nested(DEEPEST + 1), 10)


@pytest.mark.parametrize("text", ["[" * 20_000, "([" * 5_000 + "])" * 5_000, "[a:b:.5]" * 2_500])
def test_long_runs_of_brackets_are_read(text: str) -> None:
    assert read_schedule(text, 150)


@given(st.text(alphabet="ab[]():|\\3. \n"), st.integers(1, 12))
def test_every_text_ends_with_the_last_step(text: str, steps: int) -> None:
    schedule = read_schedule(text, steps)
    ends = [end for end, _ in schedule]
    assert ends[-1] == steps
    assert ends == sorted(set(ends))
    assert ends[0] >= 1


@given(st.text(alphabet="ab(), 1.é"))
def test_text_without_schedules_is_unchanged(text: str) -> None:
    assert read_schedule(text, 10) == ((10, text),)
