from typing import Any

from webui.core.scheduled import (
    at_first,
    at_frame,
    is_marker,
    mapped,
    marker,
    markers,
    series_of,
    with_schedules,
)

VALUES: dict[str, Any] = {
    "a": {"units": [{"weight": marker("0:(1)"), "model": "x"}, {"weight": 0.5}]},
    "b": {"steps": marker("0:(2.6)", whole=True), "own": marker("1", series="cn_1_weight")},
}


def test_schedules_are_found_by_their_paths():
    found = dict(markers(VALUES))
    assert sorted(found) == ["a.units.0.weight", "b.own", "b.steps"]
    assert series_of("a.units.0.weight", found["a.units.0.weight"]) == (
        "schedules.extensions.a.units.0.weight"
    )
    assert series_of("b.own", found["b.own"]) == "cn_1_weight"


def test_other_groups_are_no_schedules():
    broken = ({"$schedule": 3}, {"$schedule": "1", "x": 2}, {"$schedule": "1", "$of": 0})
    for other in ({"schedule": "Karras"}, *broken, "0:(1)", 3):
        assert not is_marker(other)


def test_numbers_of_a_frame_take_their_places_and_nothing_is_changed():
    made = at_frame(VALUES, lambda series: 2.6)
    assert made["a"]["units"] == [{"weight": 2.6, "model": "x"}, {"weight": 0.5}]
    assert made["b"] == {"steps": 3, "own": 2.6}
    assert is_marker(VALUES["b"]["steps"])


def test_a_schedule_may_count_in_percent():
    box = [{"$schedule": "0:(25)", "$of": 100}, 0.5]
    assert at_frame({"box": box}, lambda series: 25) == {"box": [0.25, 0.5]}


def test_what_they_are_first_stands_beside_them():
    known = mapped(VALUES, lambda path, one: {**one, "$first": 0.25})
    assert at_first(known)["a"]["units"][0]["weight"] == 0.25
    assert at_first(VALUES) == VALUES, "where it is not known, the schedule stays"


def test_they_are_schedules_of_the_settings_but_those_that_mean_a_setting():
    given = with_schedules({"angle": "1", "schedules": {"mine": "2"}}, VALUES)
    assert given["schedules"] == {
        "mine": "2",
        "extensions.a.units.0.weight": "0:(1)",
        "extensions.b.steps": "0:(2.6)",
    }
    assert with_schedules({"angle": "1"}, {}) == {"angle": "1"}
