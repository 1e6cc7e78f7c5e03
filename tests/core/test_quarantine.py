from webui.core.errors import Problem
from webui.core.quarantine import MOST, Quarantine

BROKE = Problem(code="extension", message="it broke", values={"name": "x"})


def test_three_failures_in_a_row_and_it_is_left_out_after_a_restart_too(tmp_path):
    kept = Quarantine(tmp_path / "kept.json")
    for _ in range(MOST):
        assert kept.reasons() == {}
        kept.failed("x", BROKE)
    assert kept.reasons() == {"x": BROKE}
    again = Quarantine(tmp_path / "kept.json")
    assert again.reasons() == {"x": BROKE}
    again.release("x")
    assert Quarantine(tmp_path / "kept.json").reasons() == {}
    assert not again.counting()


def test_what_works_in_between_begins_anew():
    kept = Quarantine()
    for _ in range(MOST * 2):
        kept.failed("x", BROKE)
        kept.worked(["x", "y"])
    assert kept.reasons() == {}


def test_what_is_left_out_is_not_let_in_by_others_that_work():
    kept = Quarantine()
    for _ in range(MOST):
        kept.failed("x", BROKE)
    kept.worked(["x"])
    assert kept.reasons() == {"x": BROKE}


def test_a_broken_file_keeps_nobody_out(tmp_path):
    (tmp_path / "kept.json").write_text("[", encoding="utf-8")
    assert Quarantine(tmp_path / "kept.json").reasons() == {}
