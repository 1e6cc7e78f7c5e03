"""Emphasis against A1111's answers, and against random text."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.core.errors import UserError
from webui.prompt.attention import Span, read_attention


def cases() -> list[dict]:
    return json.loads(golden("a1111/prompt_attention.json").read_text(encoding="utf-8"))["cases"]


def test_spans_and_weights_are_a1111s() -> None:
    read = [case for case in cases() if "result" in case]
    for case in read:
        spans = read_attention(case["text"])
        assert [span.text for span in spans] == [text for text, _ in case["result"]], case
        for span, (_, weight) in zip(spans, case["result"], strict=True):
            assert math.isclose(span.weight, weight, rel_tol=1e-12), case
    assert len(read) == 198


def test_what_a1111_crashes_on_is_a_sentence_that_names_the_text() -> None:
    broken = [case for case in cases() if "result" not in case]
    assert len(broken) == 3
    for case in broken:
        with pytest.raises(UserError, match="“[0-9.]+” in the prompt is not a number"):
            read_attention(case["text"])
    with pytest.raises(UserError, match=r"1\.2\.3"):
        read_attention("a (cat:1.2.3)")


def test_a_break_counts_outside_brackets_only() -> None:
    assert [span.is_break for span in read_attention("a BREAK b")] == [False, True, False]
    assert not any(span.is_break for span in read_attention("(a BREAK b:1.3)"))
    assert not Span("BREAK", 1.0).is_break


@given(st.text(alphabet="ab ()[]:\\1.,BREAK\n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        spans = read_attention(text)
    except UserError:
        return
    assert spans
    assert all(a.weight != b.weight for a, b in zip(spans, spans[1:], strict=False))
