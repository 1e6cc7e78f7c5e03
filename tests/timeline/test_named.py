"""Labels and series."""

import numpy as np
import pytest

from webui.timeline.keyframes import Clock, number_series, read_keys
from webui.timeline.named import named

CLOCK = Clock(frames=100, fps=10, bpm=120)


def clock_of(labels=None, series=None, clock=CLOCK):
    names = named(clock, labels or {}, series or {})
    assert not names.findings, names.findings
    return names.clock


def problem(labels=None, series=None):
    (found,) = named(CLOCK, labels or {}, series or {}).findings
    return found.parameter, found.problem.message


def test_labels_are_frames_times_beats_and_each_other():
    clock = clock_of({"drop": 40, "end": "8s", "beat": "4b", "later": "drop + 10"})
    assert clock.labels == {"drop": 40, "end": 80, "beat": 20, "later": 50}


def test_labels_in_formulas_and_as_keys():
    clock = clock_of({"drop": "5s"})
    assert number_series("0:(0), drop:(10)", clock)[25] == 5
    assert number_series("where(t < drop, 1, 2)", clock)[[49, 50]].tolist() == [1, 2]
    assert [key.frame for key in read_keys("drop - 10:(1), 'drop':(2)", clock)] == [40, 50]


@pytest.mark.parametrize(("fps", "bpm"), [(10, 120), (24, 120), (10, 90)])
def test_times_and_beats_stay_where_they_are_when_fps_and_bpm_change(fps, bpm):
    clock = clock_of({"drop": "8b"}, clock=Clock(frames=1000, fps=fps, bpm=bpm))
    assert clock.labels["drop"] / fps == pytest.approx(8 * 60 / bpm)


def test_series_of_a_table():
    table = "time;loud;deep\n0;0;5\n1;10;6\n2;20;7\n"
    clock = clock_of(series={"loud": {"csv": table, "column": "loud", "per": 1}})
    assert np.allclose(clock.series["loud"][[0, 5, 10, 20, 99]], [0, 5, 10, 20, 20])
    clock = clock_of(series={"deep": {"csv": table, "column": 2}, "bare": {"csv": "1\n2\n3"}})
    assert clock.series["deep"][:4].tolist() == [5, 6, 7, 7]
    assert clock.series["bare"][:4].tolist() == [1, 2, 3, 3]


def test_series_of_a_sound_that_was_heard_are_silent_behind_its_end():
    clock = clock_of(series={"bass": {"sound": "a.wav", "values": [1, 0.5]}})
    assert clock.series["bass"][:4].tolist() == [1, 0.5, 0, 0]
    assert number_series("1 + bass", clock)[:3].tolist() == [2, 1.5, 1]


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("a b", 1, "is no name"),
        ("t", 1, "means something"),
        ("pi", 1, "means something"),
        ("drop", "8x", "character 1"),
        ("drop", "nothing + 1", "character 1"),
        ("drop", None, "key"),
        ("drop", True, "key"),
        ("drop", "1/0", "key"),
    ],
)
def test_labels_that_are_none(name, place, sentence):
    parameter, message = problem(labels={name: place})
    assert parameter == f"labels.{name}" and sentence in message, message


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"sound": "a.wav"}, "a.wav was not sent"),
        ({"sound": "a.wav", "of": "colour"}, "of does not fit"),
        ({"sound": "a.wav", "loud": 1}, "loud does not fit"),
        ({"csv": "x,y\n1,2", "column": "z"}, "no column z; it has x, y"),
        ({"csv": "1,2", "column": 7}, "no column 7; it has 0…1"),
        ({"csv": ""}, "no column"),
        ({"csv": "x\n1\nnan"}, "row 3: “nan” is no number"),
        ({"csv": "x,y\n1,2\n3", "column": "y"}, "row 3: “” is no number"),
        ({"csv": "1", "per": 0}, "per does not fit"),
        ([], "must be"),
        (["x"], "must be"),
        ([[1]], "must be"),
        ([float("nan")], "must be"),
    ],
)
def test_series_that_are_none(value, sentence):
    parameter, message = problem(series={"x": value})
    assert parameter == "series.x" and sentence in message, message


def test_a_name_is_a_label_or_a_series():
    (found,) = named(CLOCK, {"x": 1}, {"x": 2}).findings
    assert found.parameter == "series.x" and found.problem.code == "name_taken"
