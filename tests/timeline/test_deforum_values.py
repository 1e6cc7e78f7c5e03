"""Values of numexpr 2.9.0 itself, computed with it for t=3, s=42, max_f=9."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.timeline.deforum_values import as_numbers, evaluate
from webui.timeline.problems import FormulaError

AT_3 = {"t": np.asarray(3), "s": np.asarray(42), "max_f": np.asarray(9)}
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("t%0", 0),
        ("max_f%1e-3", 0),
        ("25**(t*6)", -(2.0**63)),
        ("real(31)*imag(7)", 0),
        ("s+arctan(True)*0", 42),
        ("(t-7)%0", 0),
        ("(t*1.0)%0", NAN),
        ("5.5%-t", -0.5),
        ("(t-7)%3", 2),
        ("2**(t-5)", 0),
        ("(t-4)**(t-6)", -1),
        ("(t-4)**(t-5)", 1),
        ("2**(t*1.0-5)", 0.25),
        ("t**-1.0", 1 / 3),
        ("t**-2.5", 3**-2.5),
        ("t**0", 1),
        ("t**2.5", 3**2.5),
        ("s*s*s", 74088),
        ("t<<70", 192),
        ("(t>1)&True", 1),
        ("True&False", 0),
        ("5^3", 6),
        ("5//2", 2),
        ("~5", -6),
        ("not 1", 0),
        ("t if 1 else 2", 3),
        ("1 and 0", 0),
        ("(t>1)+1", 2),
        ("(t>1)*2000000000*2", -294967296),
        ("(t>1)/(t>2)", 1),
        ("(t>1)<(t>2)", 0),
        ("1<2<3", 1),
        ("abs(t>1)", 1),
        ("sin(t>1)", np.sin(np.float32(1))),
        ("ones_like(t)", 1),
        ("copy(t)", 3),
        ("1/sin(0)", INF),
        ("t/0", INF),
        ("2**70/2**69", 2),
        ("t+2**40", 1099511627779),
        ("1e400", INF),
        ("abs(-5)*3000000000*3000000000", 8106511852580896768),
        ("imag(t+2j)", 2),
        ("(t+2j).imag", 2),
        ("t.real", 3),
        ("sqrt(-1)", NAN),
        ("sqrt(t+1j)", 1.7553173018244280),
        ("(t+1j)**2", 8),
        ("(t+1j)==3", 0),
        ("0x10", 16),
        ("1_000", 1000),
        ("t==True", 0),
        ("True+True", 2),
        ("arctan2(t,2)", 0.982793723247329),
        ("fmod(t,2)", 1),
        ("where(t>1,1,2.5)", 1),
        ("where(1>2,1,2)", 2),
        ("(1+\n2)", 3),
        ("1 # c", 1),
        ("exp(t*1000)", INF),
        ("sum(t)", 3),
        ("((max(t)))", 3),
        ("min(2.5)", 2.5),
    ],
)
def test_values_of_numexpr(text, wanted):
    assert float(as_numbers(evaluate(text, AT_3))) == pytest.approx(wanted, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    "text",
    """t**-1|~t|t&1|-(t>1)|(t>1)+(t>2)|(t>1)-(t>2)|(t>1)*(t>2)|(t>1)**2|1<t<5|min(t)+1|-min(t)
    |sum(t>1)|1/0|5%0|t/0.0|2**100|t+2**63|floor(t+1j)|(t+1j)>1|(t+1j)%2|007|'a'|[1]|t()|sin|max(3,5)
    |sin(1,2)|sin()|t@t|5e|½|round(5)|t.x|t.1|t:3|*t|t,1|t=1|t;1|t//2|t^2|t and 1|pi|9**9**9**9
    |1<<99999999999|unknown(1)|ones_like(t>1)|t**1j|1+
    |lambda: 1|where(1,2)|t<<2.5|x""".replace("\n    ", "").split("|"),
)
def test_what_numexpr_stops_at(text):
    with pytest.raises(FormulaError) as error:
        evaluate(text, AT_3)
    assert 0 <= error.value.position <= len(text)


def test_a_leading_blank_is_an_error_and_a_line_break_too():
    for text, code in (
        (" 1", "formula_blank"),
        ("1+\n2", "formula_line"),
        ("t\n+1", "formula_line"),
    ):
        with pytest.raises(FormulaError) as error:
            evaluate(text, AT_3)
        assert error.value.code == code


def test_all_frames_at_once_are_the_frames_one_by_one():
    frames = np.arange(-5, 40)
    texts = ("t**3%7-t/4", "2**t", "(t>4)*t<<1", "sqrt(t)*t**-0.5", "t**t", "abs(t)//1" * 0 + "t")
    for text in texts:
        at_once = as_numbers(evaluate(text, {"t": frames}))
        single = [float(as_numbers(evaluate(text, {"t": np.asarray(t)}))) for t in frames]
        np.testing.assert_array_equal(at_once, single)


@given(st.text(alphabet="t1230.+-*/()<>=&|,~^% sinj\n*", max_size=30))
def test_any_text_has_values_or_an_error(text):
    try:
        as_numbers(evaluate(text, {"t": np.arange(3)}))
    except FormulaError as error:
        assert 0 <= error.position <= len(text)
