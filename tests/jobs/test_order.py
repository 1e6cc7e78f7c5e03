"""Nobody waits for another's hundred jobs, and nobody for ever."""

from hypothesis import given
from hypothesis import strategies as some

from webui.jobs.order import Waiting, in_turn


def waiting(*rows: tuple[str, int], turns: dict[str, int] | None = None) -> list[Waiting]:
    """Jobs of (owner, priority) in the order of their age."""
    turns = turns or {}
    return [
        Waiting(number, f"{owner}{number}", owner, priority, turns.get(owner, 0))
        for number, (owner, priority) in enumerate(rows, 1)
    ]


def ids(jobs: list[Waiting]) -> list[str]:
    return [job.id for job in in_turn(jobs)]


def test_owners_take_turns() -> None:
    jobs = waiting(("a", 0), ("a", 0), ("a", 0), ("b", 0), ("c", 0), ("b", 0))
    assert ids(jobs) == ["a1", "b4", "c5", "a2", "b6", "a3"]


def test_who_had_the_last_turn_comes_last() -> None:
    jobs = waiting(("a", 0), ("a", 0), ("b", 0), ("c", 0), turns={"a": 9, "b": 8})
    assert ids(jobs) == ["c4", "b3", "a1", "a2"]


def test_priority_comes_first() -> None:
    jobs = waiting(("a", 0), ("a", 5), ("b", 0), ("b", -1))
    assert ids(jobs) == ["a2", "b3", "a1", "b4"]


JOBS = some.lists(some.tuples(some.sampled_from("abcd"), some.integers(0, 1)), max_size=30)


@given(JOBS, some.fixed_dictionaries(dict.fromkeys("abcd", some.integers(0, 50))))
def test_it_is_what_one_choice_after_the_other_gives(
    rows: list[tuple[str, int]], turns: dict[str, int]
) -> None:
    """Also: whoever waits at the same priority is overtaken at most once by each other owner."""
    jobs = waiting(*rows, turns=turns)
    order = in_turn(jobs)
    assert sorted(order) == sorted(jobs)
    clock = 100
    left = list(jobs)
    for chosen in order:
        assert in_turn(left)[0].id == chosen.id
        clock += 1
        left = [
            job._replace(turn=clock) if job.owner == chosen.owner else job
            for job in left
            if job.id != chosen.id
        ]
    for owner in "abcd":
        firsts = [n for n, job in enumerate(order) if (job.owner, job.priority) == (owner, 1)]
        before = [job.owner for job in order[: firsts[0]]] if firsts else []
        assert len(before) == len(set(before))
