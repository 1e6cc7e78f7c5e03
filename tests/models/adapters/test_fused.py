"""Adapters of Flux and Stable Diffusion 3 by the names of their makers' code, fused layers too."""

from typing import Any

import pytest
import torch
from diffusers import FluxPipeline
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers

from tests.flow_layout import flow_layout
from tests.models.adapters.makers import lora_of, rand, same, write
from tests.tiny_flows import info_of, write_flux, write_sd3
from webui.models.adapters.algorithms import change
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.adapters.weights import Misfit, Rows, Weights
from webui.models.families import FAMILIES
from webui.models.flux_names import flux_names

CPU = torch.device("cpu")
STRENGTH = 0.7


def loaded(path, family) -> Any:
    return FAMILIES[family].load(info_of(path, family), CPU, lambda *done: None)


def made(tmp_path, family):
    path = tmp_path / family
    if family == "sd3":
        write_sd3(path, dual_attention_layers=(0,), qk_norm="rms_norm", num_layers=3)
    else:
        write_flux(path)
    return path


def own_names(family, tensors, network):
    """A whole transformer in the layout of its makers, by diffusers' names."""
    tensors = dict(tensors)
    if family == "sd3":
        return convert_sd3_transformer_checkpoint_to_diffusers(tensors)
    return flux_names(tensors, network)


def lokr(out, into):
    return {"lokr_w1": rand(2, 2), "lokr_w2_a": rand(out // 2, 3), "lokr_w2_b": rand(3, into // 2)}


def loha(out, into):
    return {
        **{f"hada_w{one}_a": rand(out, 2, seed=one) for one in (1, 2)},
        **{f"hada_w{one}_b": rand(2, into, seed=one) for one in (1, 2)},
        "alpha": torch.tensor(1.0),
    }


def dora(out, into):
    return {**lora_of((out, into)), "dora_scale": rand(out, 1).abs() + 0.1}


KINDS = {
    "lora": lambda out, into: lora_of((out, into)),
    "dora": dora,
    "lokr": lokr,
    "loha": loha,
    "diff": lambda out, into: {"diff": rand(out, into)},
}
READ = {"lora_down.weight": "down", "lora_up.weight": "up"}


def weights_of(made):
    tensors = {READ.get(name, name): one for name, one in made.items() if name != "alpha"}
    return Weights(tensors, {"alpha": 1.0} if "alpha" in made else {})


@pytest.mark.parametrize("family", ["flux", "sd3"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_layer_by_its_makers_name(tmp_path, family, kind):
    path = made(tmp_path, family)
    model = loaded(path, family)
    before = {name: one.clone() for name, one in model.transformer.state_dict().items()}
    layout = flow_layout(path, family, "transformer", "")
    tensors, expected = {}, dict(layout)
    for name, value in layout.items():
        if value.dim() == 2 and name.endswith(".weight"):
            adapter = KINDS[kind](*value.shape)
            layer = name.removesuffix(".weight")
            flat = "lora_unet_" + layer.replace(".", "_")
            tensors |= {f"{flat}.{end}": one for end, one in adapter.items()}
            expected[name] = value + STRENGTH * change(weights_of(adapter), value)
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown
    model.adapt([Joined(adapter, unet=STRENGTH)])
    wanted = own_names(family, expected, model.transformer)
    changed = 0
    for name, value in model.transformer.state_dict().items():
        error = (value - wanted[name]).abs().max() / wanted[name].abs().max().clamp(min=1e-9)
        assert error < 2e-6, name
        changed += not torch.equal(value, before[name])
    assert changed > 20
    model.adapt([])
    assert same(model.transformer.state_dict(), before)


@pytest.mark.parametrize(
    "begin",
    ["diffusion_model.", "model.diffusion_model.", "", "transformer.", "base_model.model."],
)
@pytest.mark.parametrize(
    ("family", "layer"),
    [("flux", "single_blocks.1.linear1"), ("sd3", "joint_blocks.1.context_block.attn.qkv")],
)
def test_other_begins_and_only_one_layer(tmp_path, begin, family, layer):
    path = made(tmp_path, family)
    model = loaded(path, family)
    shape = flow_layout(path, family, "transformer", "")[f"{layer}.weight"].shape
    tensors = {
        f"{begin}{layer}.lora_A.weight": rand(2, shape[1]),
        f"{begin}{layer}.lora_B.weight": rand(shape[0], 2),
    }
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert len(model.match(adapter).fitting) == 1 and not model.match(adapter).unknown


def delta_by_diffusers(tensors):
    """What diffusers' converter makes of a file: layer -> the change of its weight."""
    found = FluxPipeline.lora_state_dict(dict(tensors))
    layers = {name.removesuffix(".lora_A.weight") for name in found if ".lora_A." in name}
    return {
        name.removeprefix("transformer."): found[f"{name}.lora_B.weight"].float()
        @ found[f"{name}.lora_A.weight"].float()
        for name in layers
    }


def xlabs(width):
    for block in range(2):
        for name, out in (("qkv_lora1", 3), ("qkv_lora2", 3), ("proj_lora1", 1), ("proj_lora2", 1)):
            yield f"double_blocks.{block}.processor.{name}", out * width
        yield f"single_blocks.{block}.processor.qkv_lora", 3 * width


def kohya(width):
    for block in range(2):
        for side in ("img", "txt"):
            yield f"lora_unet_double_blocks_{block}_{side}_attn_qkv", 3 * width
            yield f"lora_unet_double_blocks_{block}_{side}_attn_proj", width
            yield f"lora_unet_double_blocks_{block}_{side}_mlp_0", 4 * width


@pytest.mark.parametrize("trainer", [xlabs, kohya])
def test_what_diffusers_makes_of_files_for_flux(tmp_path, trainer):
    path = made(tmp_path, "flux")
    model = loaded(path, "flux")
    before = {name: one.clone() for name, one in model.transformer.state_dict().items()}
    tensors = {}
    for number, (name, out) in enumerate(trainer(32)):
        down, up = ("down", "up") if trainer is xlabs else ("lora_down", "lora_up")
        tensors[f"{name}.{down}.weight"] = rand(4, 32, seed=number)
        tensors[f"{name}.{up}.weight"] = rand(out, 4, seed=number)
        if trainer is kohya:
            tensors[f"{name}.alpha"] = torch.tensor(2.0)
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown and not adapter.strange
    model.adapt([Joined(adapter)])
    deltas = delta_by_diffusers(tensors)
    assert deltas
    for name, value in model.transformer.state_dict().items():
        delta = deltas.pop(name.removesuffix(".weight"), None)
        wanted = before[name] if delta is None else before[name] + delta
        torch.testing.assert_close(value, wanted, rtol=1e-6, atol=1e-6)
    assert not deltas


@pytest.mark.parametrize(
    ("family", "prefixes"),
    [
        ("flux", ("lora_te1_text_model_", "lora_te3_")),
        ("flux", ("lora_te1_text_model_", "lora_te2_")),
        ("sd3", ("lora_te1_text_model_", "lora_te2_text_model_", "lora_te3_")),
    ],
)
def test_text_encoders(tmp_path, family, prefixes):
    model = loaded(made(tmp_path, family), family)
    tensors, wanted = {}, []
    for prefix, encoder in zip(prefixes, model.encoders, strict=True):
        path, layer = next(
            (name, one)
            for name, one in encoder.model.named_modules()
            if name.endswith(("layers.1.self_attn.q_proj", "block.1.layer.0.SelfAttention.q"))
        )
        flat = path.replace(".", "_").removeprefix("text_model_")
        down, up = rand(2, layer.in_features), rand(layer.out_features, 2)
        tensors |= {
            f"{prefix}{flat}.lora_down.weight": down,
            f"{prefix}{flat}.lora_up.weight": up,
        }
        wanted.append((layer, layer.weight.clone() + 0.5 * up @ down))
    adapter = read_adapter(write(tmp_path / "a.safetensors", tensors), "a")
    assert not model.match(adapter).unknown
    model.adapt([Joined(adapter, text=0.5)])
    for layer, value in wanted:
        torch.testing.assert_close(layer.weight, value)


def test_what_hangs_on_all_outputs_of_a_fused_layer_does_not_fit():
    rows = Rows(12, ((0, 4),))
    turned = Weights({"oft_blocks": rand(2, 6, 6)}).part(rows)
    norms = Weights({"up": rand(12, 2), "down": rand(2, 4), "dora_scale": rand(1, 4)}).part(rows)
    for weights in (turned, norms):
        with pytest.raises(Misfit):
            change(weights, rand(4, 4))
    fitting = Weights({"oft_blocks": rand(3, 4, 4)}).part(rows)
    assert change(fitting, rand(4, 4)).shape == (4, 4)
