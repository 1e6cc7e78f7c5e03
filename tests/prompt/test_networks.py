"""Tags of networks against A1111's answers."""

import json

from tests.golden import golden
from webui.prompt.networks import Network, split_networks


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
