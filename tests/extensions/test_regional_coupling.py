"""Regions by attention, against a network whose attention is written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from tests.extensions.control import COMPLETE, drawn
from tests.models.families.drawing import load
from webui.core.errors import UserError
from webui.core.participants import Cond, Embedding
from webui.core.requests import Txt2Img
from webui.models.families.sd1 import SD1

HEADS = ("attn2.to_q", "attn2.to_out.0")


def asked(prompt: str, way: str = "attention", **fields: Any) -> Txt2Img:
    given = {"regional": {"enabled": True, "way": way}}
    values = {**COMPLETE, "steps": 2, "prompt": prompt, "extensions": given, **fields}
    return Txt2Img.model_validate(values)


class Halves:
    """Cross attention that sees one text in the left half of the picture, another in the right."""

    def __init__(self, other: torch.Tensor) -> None:
        self.other = other

    def __call__(self, attn: Any, hidden_states: Any, encoder_hidden_states: Any, **more: Any):
        query = self.headed(attn, attn.to_q(hidden_states))
        both = []
        for words in (encoder_hidden_states, self.other.expand(len(hidden_states), -1, -1)):
            key, value = (self.headed(attn, one(words)) for one in (attn.to_k, attn.to_v))
            seen = scaled_dot_product_attention(query, key, value)
            both.append(seen.transpose(1, 2).flatten(2))
        side = int(hidden_states.shape[1] ** 0.5)
        left = torch.zeros(side, side)
        left[:, : side // 2] = 1
        share = torch.full((1,), 0.5) if side == 1 else left.flatten()[None, :, None]
        return attn.to_out[0](both[0] * share + both[1] * (1 - share))

    def headed(self, attn: Any, rows: torch.Tensor) -> torch.Tensor:
        return rows.unflatten(2, (attn.heads, -1)).transpose(1, 2)


@torch.inference_mode()
def test_it_is_attention_with_both_texts_each_in_its_half(tiny):
    model = load(SD1(), tiny.folder_info)
    made = drawn(model, asked("a red apple AND blue sea", cfg_scale=1), {}, {})[0]
    plain = asked("a red apple", cfg_scale=1).with_(extensions={})
    (other,) = model.encode_texts(["blue sea"])
    before = dict(model.unet.attn_processors)
    halves = Halves(other.tokens[None])
    model.unet.set_attn_processor(
        {name: halves if "attn2" in name else one for name, one in before.items()}
    )
    try:
        wanted = drawn(model, plain, {}, {})[0]
    finally:
        model.unet.set_attn_processor(before)
    torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(made, drawn(model, plain, {}, {})[0], rtol=1e-2)


@torch.inference_mode()
def test_one_call_for_all_regions_and_nothing_is_left_behind(tiny):
    model = load(SD1(), tiny.folder_info)
    plain = asked("a red apple").with_(extensions={})
    before = drawn(model, plain, {}, {})[0]
    rows: dict[str, set[int]] = {}
    for way in ("attention", "latents"):
        hook = model.unet.register_forward_pre_hook(
            lambda unet, args, named, way=way: rows.setdefault(way, set()).add(
                len(named["sample"])
            ),
            with_kwargs=True,
        )
        drawn(model, asked("a red apple AND blue sea AND sky", way), {}, {})
        hook.remove()
    assert rows == {"attention": {2}, "latents": {4}}
    assert torch.equal(drawn(model, plain, {}, {})[0], before), "to the bit"
    layers = [one for name, one in model.unet.named_modules() if name.endswith(HEADS)]
    assert layers and not any(one._forward_hooks or one._forward_pre_hooks for one in layers)


@torch.inference_mode()
def test_the_same_words_everywhere_are_the_prompt_alone(tiny):
    model = load(SD1(), tiny.folder_info)
    both = drawn(model, asked("blue sea AND blue sea", hires={"scale": 2, "steps": 1}), {}, {})[0]
    plain = asked("blue sea", hires={"scale": 2, "steps": 1}).with_(extensions={})
    torch.testing.assert_close(both, drawn(model, plain, {}, {})[0], rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_what_it_cannot_do_is_said(tiny):
    from tests.extensions.control import loaded, services

    (one,) = loaded().participants("job", asked("a AND b"), services({}, {}))
    cond = Cond("positive", 0, 1.0, ((0, Embedding(torch.zeros(1, 1))),))
    assert len(one.conditioning([cond, cond])) == 1
    flow: Any = type("Flow", (), {"info": type("Info", (), {"id": "flow"})})()
    with pytest.raises(UserError, match="attention of models like flow"), one.patched(flow):
        pass
    model = load(SD1(), tiny.folder_info)
    both = asked("a AND b", width=128)
    tiled = {**both.extensions, "tiled_diffusion": {"enabled": True, "tile": 64}}
    with pytest.raises(UserError, match="need the whole picture at once"):
        drawn(model, both.with_(extensions=tiled), {}, {})
