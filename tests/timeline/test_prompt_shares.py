import numpy as np
import pytest

from webui.timeline import prompt_shares
from webui.timeline.keyframes import Clock
from webui.timeline.problems import FormulaError
from webui.timeline.prompt_shares import Row, weight_series

TEN = Clock(frames=11, fps=10)


def row(frame, weight="", blend=""):
    return Row(str(frame), frame, "", "", blend, weight)


def shares(rows, clock, blend):
    own = [weight_series(row, clock) if row.weight else None for row in rows]
    return prompt_shares.shares(rows, own, clock.frames, blend)


def test_by_their_keys_each_holds_or_goes_over_into_the_next():
    made = shares([row(2), row(6, blend="linear"), row(10)], TEN, "step")
    assert made[:, [0, 2, 5]].tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert made[1, [6, 7, 8, 10]] == pytest.approx([1, 0.75, 0.5, 0])
    assert made[2, [6, 7, 8, 10]] == pytest.approx([0, 0.25, 0.5, 1])


def test_easings_that_go_beyond_their_ends_are_cut():
    made = shares([row(0), row(10)], TEN, "ease_in_out_back")
    assert made.min() == 0 and made.max() == 1


def test_weights_of_their_own_leave_the_rest_to_the_others():
    made = shares([row(0), row(5), row(8, weight="0.25")], TEN, "step")
    assert made[:, 0] == pytest.approx([0.75, 0, 0.25])
    assert made[:, 9] == pytest.approx([0, 0.75, 0.25])


def test_too_large_weights_and_a_table_of_only_weights_are_divided_by_their_sum():
    made = shares([row(0), row(4, weight="3"), row(8, weight="1")], TEN, "step")
    assert made[:, 2] == pytest.approx([0, 0.75, 0.25])
    made = shares([row(0, weight="0.1"), row(4, weight="0.3")], TEN, "step")
    assert made[:, 9] == pytest.approx([0.25, 0.75])


def test_where_all_weights_are_0_the_key_that_holds_is_alone():
    rows = [row(0, weight="0:(0), 10:(1)"), row(4, weight="0", blend="linear")]
    made = shares(rows, TEN, "step")
    assert made[:, 0].tolist() == [1, 0] and made[:, 9].tolist() == [1, 0]
    made = shares([row(0, weight="0"), row(4, weight="0", blend="linear")], TEN, "linear")
    assert made[0].tolist() == [1] * 4 + [0] * 7


def test_every_frame_is_whole():
    rows = [row(0), row(3, weight="abs(sin(t))"), row(7, weight="where(t > 4, 2, 0)"), row(20)]
    assert np.allclose(shares(rows, TEN, "ease_in_out").sum(axis=0), 1)


def test_a_weight_is_a_schedule_of_0_or_more():
    assert weight_series(row(0, weight="0:(1), 10:(0)"), TEN)[5] == 0.5
    with pytest.raises(FormulaError) as caught:
        weight_series(row(0, weight="1 - t"), TEN)
    assert caught.value.code == "weight_negative" and caught.value.values["frame"] == 2
