"""From the box to the branches: AND, comments, the order of things, which text is in force."""

import json

from tests.golden import golden
from webui.prompt.grammar import (
    Branch,
    Prompts,
    plan_negative,
    plan_prompt,
    read_prompts,
    split_branches,
    strip_comments,
)
from webui.prompt.networks import Network


def multicond() -> dict:
    return json.loads(golden("a1111/prompt_multicond.json").read_text(encoding="utf-8"))


def test_branches_and_weights_are_a1111s() -> None:
    for case in multicond()["multicond"]:
        flat: list[str] = []
        rows: list[list] = []
        for prompt in case["prompts"]:
            branches = split_branches(prompt)
            flat += [
                text for text in dict.fromkeys(text for text, _ in branches) if text not in flat
            ]
            rows.append([[flat.index(text), weight] for text, weight in branches])
        assert flat == case["result"]["flat_list"], case
        assert rows == case["result"]["indexes_and_weights"], case


def test_comments_are_a1111s() -> None:
    for case in multicond()["comments"]:
        assert strip_comments(case["text"]) == case["result"], case


def test_the_text_in_force_is_a1111s() -> None:
    cases = json.loads(golden("a1111/prompt_schedule.json").read_text(encoding="utf-8"))["active"]
    for case in cases:
        (branch,) = plan_prompt(case["text"], case["steps"])
        assert [list(entry) for entry in branch.schedule] == case["schedule"]
        used = [branch.text_at(call) for call in range(len(case["text_used_at_call"]))]
        assert used == case["text_used_at_call"], case


def test_a_plan_has_a_schedule_for_each_branch() -> None:
    assert plan_prompt("[a:b:3] AND c :0.5", 10) == (
        Branch(1.0, ((3, "a"), (10, "b"))),
        Branch(0.5, ((10, " c"),)),
    )
    assert plan_prompt("[a:b:1.5]", 20, hires_steps=12) == (Branch(1.0, ((6, "a"), (12, "b"))),)
    assert plan_prompt("[a:b:2.0]", 10, old_scheduling=True)[0].schedule[0] == (2, "a")


def test_and_means_nothing_in_a_negative_prompt() -> None:
    assert plan_negative("[a:b:3] AND c:2", 10) == Branch(
        1.0, ((3, "a AND c:2"), (10, "b AND c:2"))
    )


def test_prompts_are_read_in_order() -> None:
    read = read_prompts(
        "a cat <lora:toon(-v2):0.5>, (-bad hands:1.3) # (-gone) <lora:gone:1>", "ugly # gone"
    )
    assert read == Prompts(
        positive="a cat \n",
        negative="ugly, (bad hands:1.3)",
        networks=(Network("lora", ("toon(-v2)", "0.5")),),
    )
