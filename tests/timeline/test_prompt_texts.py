import pytest

from webui.timeline.prompt_texts import MATH, replace_spans, weight_formulas


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("<lora:a:t/10>", ["t/10"]),
        ("<lora:a:0.5>", []),
        ("<lora:a>", []),
        ("<lora:a:-.5:t>", ["t"]),
        ("<lora:a:te=t:unet=2*t:lbw=OUTALL>", ["t", "2*t"]),
        ("x <hypernet:h:t> <lyco:l:1> <b:c:t>", ["t"]),
        ("<lora::t>", []),
        ("a < b: c > d", []),
    ],
)
def test_weights_that_are_formulas(text, formulas):
    assert [text[start:stop] for start, stop in weight_formulas(text)] == formulas


def test_spans_are_replaced():
    text = "a `1` b ``"
    spans = [match.span() for match in MATH.finditer(text)]
    assert (
        replace_spans(text, spans, lambda start, stop: f"[{text[start:stop]}]") == "a [`1`] b [``]"
    )
