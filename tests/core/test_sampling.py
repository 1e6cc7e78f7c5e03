"""Names of samplers and schedules against A1111's."""

import json

from tests.golden import golden
from webui.core.sampling import (
    SAMPLERS,
    SCHEDULES,
    sampler_and_schedule,
    sampler_named,
    schedule_meant,
)


def test_the_lists_are_a1111s() -> None:
    lists = json.loads(golden("a1111/misc.json").read_text(encoding="utf-8"))
    labels = {schedule["name"]: schedule["label"] for schedule in lists["schedulers"]}
    assert [schedule.name for schedule in SCHEDULES] == list(labels.values())
    assert [schedule.aliases[0] for schedule in SCHEDULES] == list(labels)
    theirs_first = SAMPLERS[: len(lists["samplers"])]  # what A1111 lacks stands behind
    for ours, theirs in zip(theirs_first, lists["samplers"], strict=True):
        options = theirs["options"]
        assert (ours.name, list(ours.aliases)) == (theirs["name"], theirs["aliases"])
        assert ours.automatic == labels[options.get("scheduler", "automatic")]
        assert ours.second_order == options.get("second_order", False)
        assert ours.discards_penultimate == options.get("discard_next_to_last_sigma", False)
        forgotten = theirs["name"] in ("Restart", "LCM")  # A1111's pictures lack it there
        assert ours.reads_ensd == (forgotten or options.get("uses_ensd", False))


def test_names_mean_what_they_mean_to_a1111() -> None:
    cases = json.loads(golden("a1111/prompt_multicond.json").read_text(encoding="utf-8"))
    for case in cases["sampler_names"]:
        pair = sampler_and_schedule(case["sampler"], case["scheduler"], case["convert_automatic"])
        assert list(pair) == case["result"], case
    assert len(cases["sampler_names"]) == 66


def test_automatic_is_the_samplers_own_schedule() -> None:
    assert schedule_meant("DPM++ 2M", "Automatic") == "Karras"
    assert schedule_meant("Euler", "Automatic") == "Automatic"
    assert schedule_meant("DPM++ 2M", "Beta") == "Beta"
    assert schedule_meant("of an extension", "Automatic") == "Automatic"
    assert sampler_named("Euler A") is None
