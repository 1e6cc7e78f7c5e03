from __future__ import annotations

import os

import numpy as np
import pytest

from webui.motion.state import (
    Mark,
    State,
    finish_state,
    forget_state,
    kept_states,
    save_state,
)
from webui.motion.tween import Held


def same(one: State, other: State) -> bool:
    def plain(state: State) -> list[object]:
        held = [state.previous, state.following]
        return [
            state.made,
            state.frame,
            *(
                None if a is None else (a.dtype, a.tolist())
                for a in (state.picture, state.reference)
            ),
            *(None if a is None else (a.frame, a.picture.tolist()) for a in held),
        ]

    return plain(one) == plain(other)


FLOATS = np.random.default_rng(1).uniform(0, 255, (4, 6, 3)).astype(np.float32)
LEVELS = FLOATS.astype(np.uint8)
MARK = Mark("request", "form")


@pytest.mark.parametrize(
    "state",
    [
        State(),
        State(3, FLOATS, LEVELS, frame=6),
        State(7, LEVELS, None, Held(FLOATS, 4), Held(LEVELS, 8)),
    ],
)
def test_a_state_comes_back_to_the_bit(tmp_path, state):
    save_state(tmp_path / "job", state, MARK)
    (kept,) = kept_states(tmp_path / "job")
    assert kept.mark == MARK and same(kept.state, state)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["state.npz"]


@pytest.mark.parametrize("break_", ["cut", "no file", "text"])
def test_one_that_cannot_be_read_is_none(tmp_path, break_):
    folder = tmp_path / "job"
    save_state(folder, State(3, FLOATS), MARK)
    path = folder / "state.npz"
    if break_ == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif break_ == "text":
        path.write_text("no state")
    elif break_ == "no file":
        path.unlink()
    assert kept_states(folder) == []


def test_nothing_is_left_of_one_that_is_over(tmp_path):
    save_state(tmp_path / "job", State(1, FLOATS), MARK)
    (tmp_path / "job" / ".half written").write_bytes(b"x")
    forget_state(tmp_path / "job")
    forget_state(tmp_path / "job")
    assert list(tmp_path.iterdir()) == []


def test_the_one_before_is_kept_and_taken_where_the_newer_one_is_broken(tmp_path):
    for made in (1, 2, 3):
        save_state(tmp_path, State(made, FLOATS), MARK)
    assert [one.state.made for one in kept_states(tmp_path)] == [3, 2]
    (tmp_path / "state.npz").write_bytes(b"cut")
    assert [one.state.made for one in kept_states(tmp_path)] == [2]


def test_of_one_that_is_finished_the_last_state_stays(tmp_path):
    for made in (1, 2):
        save_state(tmp_path / "job", State(made, FLOATS), MARK)
    (tmp_path / "job" / ".half written").write_bytes(b"x")
    for _ in range(2):  # a kill may come in between
        finish_state(tmp_path / "job")
        (kept,) = kept_states(tmp_path / "job")
        assert (kept.state.made, kept.mark) == (2, MARK)
        assert [path.name for path in (tmp_path / "job").iterdir()] == ["last.npz"]
    finish_state(tmp_path / "nothing was kept")


def test_those_of_all_that_are_finished_stay_within_their_bytes(tmp_path):
    save_state(tmp_path / "goes on", State(1, FLOATS), MARK)
    size = (tmp_path / "goes on" / "state.npz").stat().st_size
    for number, name in enumerate("abc"):
        save_state(tmp_path / name, State(1, FLOATS), MARK)
        os.utime(tmp_path / name / "state.npz", (number, number))
        finish_state(tmp_path / name, 2 * size + size // 2)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b", "c", "goes on"]
    finish_state(tmp_path / "c", size // 2)
    assert [one.name for one in tmp_path.iterdir()] == ["goes on"], "also one that is too large"
