import os
import subprocess
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from webui.core.isolation import Direct, Threads, TooSlow, Watchdog
from webui.core.lookout import Overdue

PLACE: ContextVar[str] = ContextVar("place", default="")


def for_ever() -> None:
    while True:
        time.sleep(0.001)


def stubborn() -> None:
    while True:
        try:
            for_ever()
        except Exception:  # noqa: BLE001  what careless code does
            continue


@pytest.mark.parametrize("isolation", [Direct(), Threads(), Watchdog()])
def test_results_and_errors_come_through(isolation):
    assert isolation.call("x", "hook", None, lambda: 7) == 7
    with pytest.raises(KeyError, match="lost"):
        isolation.call("x", "hook", None, lambda: {}["lost"])


@pytest.mark.parametrize("function", [for_ever, stubborn])
@pytest.mark.parametrize("isolation", [Threads(0.2), Watchdog(0.2)])
def test_what_takes_too_long_is_ended(isolation, function):
    start = time.monotonic()
    with pytest.raises(TooSlow, match=r"0\.2 seconds"):
        isolation.call("x", "hook", None, function)
    assert time.monotonic() - start < 60
    assert isolation.call("x", "hook", 5, lambda: time.sleep(0.3)) is None, "it asked for more"


def test_a_thread_that_was_given_up_ends():
    with pytest.raises(TooSlow):
        Threads(0.1).call("given-up", "hook", None, stubborn)
    end = time.monotonic() + 60
    while any(one.name == "given-up" for one in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_who_waits_for_a_thread_that_sleeps_goes_on():
    start, over = time.monotonic(), threading.Event()
    with pytest.raises(TooSlow):
        Threads(0.1).call("x", "hook", None, lambda: over.wait(120))
    assert time.monotonic() - start < 60
    over.set()


def test_a_thread_has_the_context_of_its_caller():
    PLACE.set("here")
    assert Threads().call("x", "hook", None, PLACE.get) == "here"


def test_a_sign_of_life_gives_all_the_time_anew():
    dog = Watchdog(0.4)

    def long() -> str:
        for _ in range(6):
            time.sleep(0.2)
            dog.alive()
        return "done"

    assert dog.call("x", "hook", None, long) == "done"


def test_each_call_is_noted_and_the_one_around_it_again():
    told = []
    dog = Watchdog(note=told.append)
    dog.call("a", "one", None, lambda: dog.call("b", "two", None, int))
    assert told == [("a", "one"), ("b", "two"), ("a", "one"), None]


GUEST = "def loop(inner):\n    while True:\n        inner()"


def guest(name: str):
    """A function of an extension's that calls another one for ever."""
    there = {"__name__": f"easel_extensions.{name}.worker"}
    exec(GUEST, there)
    return there["loop"]


def test_what_no_hook_called_is_ended_too():
    dog = Watchdog(60, patience={"slow": 0.3}.get)
    assert dog.watch(lambda: 7) == 7
    with pytest.raises(Overdue) as raised:
        dog.watch(lambda: guest("slow")(lambda: time.sleep(0.001)))
    late = raised.value
    assert (late.name, late.hook, late.seconds) == ("slow", "loop", 0.3)
    assert dog.watch(lambda: 7) == 7


def test_who_gives_signs_of_life_may_go_on():
    dog, rounds = Watchdog(1), iter(range(8))

    def one() -> None:
        time.sleep(0.2)
        dog.alive()
        if next(rounds) == 7:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        dog.watch(lambda: guest("good")(one))


STUCK = """
import os, time
from webui.core.isolation import Watchdog

def stuck(name, hook, seconds):
    print(name, hook, seconds, flush=True)
    os._exit(5)

Watchdog(0.1, grace=0.1, stuck=stuck).call("x", "after", None, lambda: time.sleep(60))
"""


IN_WORK = STUCK.replace(
    """.call("x", "after", None, lambda: time.sleep(60))""",
    """.watch(loop)""",
).replace(
    "def stuck",
    """there = {"__name__": "easel_extensions.x.y", "time": time}
exec("def loop(): time.sleep(60)", there)
loop = there["loop"]

def stuck""",
)


@pytest.mark.parametrize(("code", "hook"), [(STUCK, "after"), (IN_WORK, "loop")])
def test_what_nothing_ends_is_told_and_the_process_ends(code: str, hook: str):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert (done.returncode, done.stdout.strip()) == (5, f"x {hook} 0.1")
