import io

import pytest

from webui.cli.show import Bar
from webui.core.events import Progress, Started, WorkerState


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress(**values: object) -> Progress:
    return Progress.model_validate({"job": "j", "phase": "sampling", "steps": 20, **values})


def test_the_line_says_how_far_it_is():
    words = Bar("en", Terminal()).words(progress(step=5, image=1, images=4, eta=12.4))
    assert words == "[######..................] 5/20  picture 2 of 4  12 s left"


def test_the_line_speaks_the_users_language_and_knows_when_it_knows_nothing():
    assert Bar("pl", Terminal()).words(progress()).endswith("0/20  obraz 1 z 1")
    assert Bar("en", Terminal()).words(progress(phase="loading", steps=0)) == "loading the model"
    assert "0/0" in Bar("en", Terminal()).words(progress(phase="encoding", steps=0))


@pytest.mark.parametrize("phase", ["loading", "downloading", "merging"])
def test_what_a_model_takes_is_told_in_bytes(phase):
    words = Bar("en", Terminal()).words
    half = {"phase": phase, "step": 3_450_000_000, "steps": 6_900_000_000}
    assert words(progress(**half, eta=61)) == f"[{'#' * 12}{'.' * 12}] 3.45 GB / 6.9 GB  61 s left"
    if phase != "loading":
        assert words(progress(phase=phase, step=1000, steps=0)).endswith("] 1 kB")


def test_one_line_is_drawn_over_the_other_and_gone_at_the_end(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    terminal = Terminal()
    bar = Bar("en", terminal)
    bar.show(WorkerState(state="starting"))
    bar.show(Started(job="j", attempt=1, images=1))
    bar.show(progress(step=20))
    bar.clear()
    drawn = terminal.getvalue()
    assert "\n" not in drawn
    assert "waiting for the worker" in drawn and "20/20" in drawn
    assert all(len(part) <= 49 for part in drawn.split("\r"))
    assert drawn.endswith("\r" + " " * 49 + "\r")


def test_nothing_is_drawn_where_nobody_looks():
    stream = io.StringIO()
    bar = Bar("en", stream)
    bar.show(progress(step=3))
    bar.clear()
    assert stream.getvalue() == ""
