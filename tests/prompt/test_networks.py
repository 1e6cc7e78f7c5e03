"""Tags of networks against A1111's answers."""

import json

import pytest

from tests.golden import golden
from webui.core.errors import UserError
from webui.prompt.networks import LoraTag, Network, read_lora, split_networks, with_always


def test_tags_are_a1111s() -> None:
    cases = json.loads(golden("a1111/prompt_multicond.json").read_text(encoding="utf-8"))
    for case in cases["extra_networks"]:
        prompt, networks = split_networks(case["text"])
        assert prompt == case["result"]["prompt"], case
        by_kind: dict[str, list] = {}
        for network in networks:
            fields = {
                "items": list(network.items),
                "positional": list(network.positional),
                "named": network.named,
            }
            by_kind.setdefault(network.kind, []).append(fields)
        assert by_kind == case["result"]["networks"], case


def test_a_value_may_hold_an_equals_sign() -> None:
    _, networks = split_networks("<lora:a:x=b=c>")
    assert networks == (Network("lora", ("a", "x=b=c")),)
    assert networks[0].named == {"x": "b=c"}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<lora:a>", LoraTag("a")),
        ("<lora:a:0.5>", LoraTag("a", 0.5, 0.5)),
        ("<lora:a:0.5:-0.25>", LoraTag("a", 0.5, -0.25)),
        ("<lora:a:0.5:0.25:8>", LoraTag("a", 0.5, 0.25, 8)),
        ("<lora:a:te=0.5>", LoraTag("a", 0.5, 0.5)),
        ("<lora:a:unet=0.5>", LoraTag("a", 1, 0.5)),
        ("<lora:a:0.3:0.4:te=0.5:dyn=2>", LoraTag("a", 0.5, 0.4, 2)),
        ("<lora:a:unet=0:1000>", LoraTag("a", 1000, 0)),
        ("<lora: a b :1e-3>", LoraTag("a b", 0.001, 0.001)),
        ("<lora:te=1>", LoraTag("")),
    ],
)
def test_what_a_tag_says(tag: str, expected: LoraTag) -> None:
    ((network,),) = (split_networks(tag)[1],)
    assert read_lora(network) == expected


@pytest.mark.parametrize("tag", ["<lora:a:>", "<lora:a:x>", "<lora:a:inf>", "<lora:a:1:1:1.5>"])
def test_a_strength_is_a_number(tag: str) -> None:
    with pytest.raises(UserError, match="no number") as error:
        read_lora(split_networks(tag)[1][0])
    assert error.value.problem.field == "prompt"


def test_networks_that_are_always_joined_come_first_and_once() -> None:
    named = (Network("lora", ("Style", "0.9")), Network("hypernet", ("b",)))
    always = with_always([("style", 0.5), ("b", 1.0)], named)
    assert always == (Network("lora", ("b", "1")), *named)
    assert with_always([], named) == named
