from __future__ import annotations

import numpy as np
import pytest

from webui.motion.state import Mark, State, forget_state, kept_states, load_state, save_state
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
    assert same(load_state(tmp_path / "job", MARK), state)
    (kept,) = kept_states(tmp_path / "job")
    assert kept.mark == MARK and same(kept.state, state)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["state.npz"]


@pytest.mark.parametrize("break_", ["other plan", "cut", "no file", "text"])
def test_one_that_cannot_be_gone_on_from_is_the_beginning(tmp_path, break_):
    folder = tmp_path / "job"
    save_state(folder, State(3, FLOATS), MARK)
    path = folder / "state.npz"
    if break_ == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif break_ == "text":
        path.write_text("no state")
    elif break_ == "no file":
        path.unlink()
    mark = Mark("other", "form") if break_ == "other plan" else MARK
    assert same(load_state(folder, mark), State())
    assert (kept_states(folder) == []) == (break_ != "other plan")


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
    assert load_state(tmp_path, MARK).made == 2
