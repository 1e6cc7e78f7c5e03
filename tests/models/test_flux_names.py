"""Every weight of Flux finds its name, and what is not known keeps its own."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from webui.models.flux_names import flux_names


def test_what_is_put_together_in_the_file_is_taken_apart():
    network = SimpleNamespace(inner_dim=2)
    value = torch.arange(14.0)
    found = flux_names({"single_blocks.3.linear1.bias": value}, network)
    parts = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
    assert list(found) == [f"single_transformer_blocks.3.{one}.bias" for one in parts]
    assert torch.equal(torch.cat(list(found.values())), value)
    assert found["single_transformer_blocks.3.attn.to_k.bias"].tolist() == [2, 3]


def test_the_last_layer_has_its_halves_the_other_way_round():
    network = SimpleNamespace(inner_dim=2)
    found = flux_names({"final_layer.adaLN_modulation.1.bias": torch.arange(4.0)}, network)
    assert found["norm_out.linear.bias"].tolist() == [2, 3, 0, 1]


def test_what_is_not_known_stays():
    tensors = {"double_blocks.0.more.weight": torch.zeros(1), "scaled_fp8": torch.zeros(1)}
    found = flux_names(tensors, SimpleNamespace(inner_dim=2))
    assert any("more" in name for name in found) and any("scaled_fp8" in name for name in found)
