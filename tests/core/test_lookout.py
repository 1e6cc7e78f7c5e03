import sys
import threading
from types import FrameType
from typing import Any

from webui.core.lookout import Lookout, Overdue, whose

GUEST = """
def loop(inner):
    return inner()
"""


def module(name: str) -> dict[str, Any]:
    there: dict[str, Any] = {"__name__": name}
    exec(GUEST, there)
    return there


def here() -> FrameType | None:
    return sys._getframe(1)


A, B = module("easel_extensions.a.worker"), module("easel_extensions.b.more")
STEP = module("webui.engine.guidance")


def test_extensions_on_the_stack_are_found_the_innermost_first():
    assert list(whose(here())) == []
    found = A["loop"](lambda: B["loop"](lambda: list(whose(here()))))
    assert found == [("b", "loop"), ("a", "loop")]


def test_what_asked_for_a_step_waits_for_it():
    found = A["loop"](
        lambda: STEP["loop"](
            lambda: B["loop"](lambda: list(whose(here(), "webui.engine.guidance")))
        )
    )
    assert found == [("b", "loop")]


def looked(lookout: Lookout, *times: float) -> list[tuple[str, str, float] | None]:
    seen = [lookout.look(time) for time in times]
    return [late and (late.name, late.hook, late.seconds) for late in seen]


def lookout() -> Lookout:
    return Lookout(threading.get_ident(), {"a": 10.0, "b": 4.0}.__getitem__)


def test_time_is_up_when_it_was_there_at_every_look():
    late = A["loop"](lambda: looked(lookout(), 0, 9, 10, 11))
    assert late == [None, None, None, ("a", "loop", 10.0)]
    assert looked(lookout(), 0, 20) == [None, None], "nobody is there"


def test_each_has_a_limit_of_its_own():
    late = A["loop"](lambda: B["loop"](lambda: looked(lookout(), 0, 5)))
    assert late == [None, ("b", "loop", 4.0)]


def test_whoever_left_has_answered():
    mine = lookout()
    assert A["loop"](lambda: looked(mine, 0)) == [None]
    assert looked(mine, 5) == [None]
    assert A["loop"](lambda: looked(mine, 11)) == [None]


def test_a_sign_of_life_gives_the_time_anew():
    mine = lookout()
    assert A["loop"](lambda: looked(mine, 0)) == [None]
    mine.alive()
    assert A["loop"](lambda: looked(mine, 11)) == [None]


def test_it_says_where():
    assert "a: no sign of life for 10 seconds in loop" in str(Overdue("a", "loop", 10.0))
