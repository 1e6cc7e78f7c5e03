"""Every layer of every family by every name that trainers give it."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from torch import nn

from tests.ldm_layout import LAYERS_PER_BLOCK, ldm_names
from tests.tiny import UNETS
from webui.models.adapters.names import Named, layers, ldm_name, read_name
from webui.models.checkpoint import CONFIGS


def unet(family: str) -> UNet2DConditionModel:
    """As large as the real one, but without weights."""
    config = UNet2DConditionModel.load_config(CONFIGS / family / "unet")
    with torch.device("meta"):
        return UNet2DConditionModel.from_config(config)


def flat(name: str) -> str:
    return name.replace(".", "_")


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl", "sdxl-refiner"])
def test_names_of_ldm_are_those_that_diffusers_converts(family):
    network = unet(family)
    named = layers(network)
    ours = {flat(name): name for name, one in network.named_modules() if hasattr(one, "weight")}
    per_block = network.config.layers_per_block
    ldm = {ldm_name(name, per_block, ours): name for name in ours}
    assert None not in ldm and len(ldm) == len(ours)
    # diffusers' converter gets every LDM name, with dots where they belong, and gives its own
    weights = {dotted(name): torch.empty(1, device="meta") for name in ldm}
    begin = "model.diffusion_model."
    checkpoint = {f"{begin}{name}.weight": one for name, one in weights.items()}
    checkpoint |= {f"{begin}{name}.bias": torch.empty(0) for name in weights}
    converted = convert_ldm_unet_checkpoint(checkpoint, network.config)
    back = {id(one): flat(name.removesuffix(".weight")) for name, one in converted.items()}
    for name, one in weights.items():
        assert back[id(one)] == ldm[flat(name)]
        assert named[flat(name)] is named[ldm[flat(name)]]


def dotted(name: str) -> str:
    """An LDM name with its dots back: they stand around numbers and before known words."""
    words = ("input_blocks", "middle_block", "output_blocks", "in_layers", "out_layers")
    words += ("emb_layers", "skip_connection", "time_embed", "label_emb", "proj_in", "proj_out")
    words += ("transformer_blocks", "to_q", "to_k", "to_v", "to_out")
    for word in words:
        name = name.replace(word, word.replace("_", "~"))
    return name.replace("_", ".").replace("~", "_")


@pytest.mark.parametrize("family", sorted(UNETS))
def test_names_of_ldm_are_those_of_our_other_table(family):
    network = UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=LAYERS_PER_BLOCK, **UNETS[family]
    )
    named = layers(network)
    weights = {name: one for name, one in network.state_dict().items() if name.endswith(".weight")}
    for (name, _), (other, _) in zip(weights.items(), ldm_names("unet", "", weights), strict=True):
        ours = named[flat(name.removesuffix(".weight"))]
        assert named[flat(other.removesuffix(".weight"))] is ours


ATTENTION = "down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q"
TEXT = "text_model.encoder.layers.3.self_attn.q_proj"


@pytest.mark.parametrize(
    ("name", "part", "layer", "kind"),
    [
        (f"lora_unet_{flat(ATTENTION)}.lora_down.weight", "unet", flat(ATTENTION), "down"),
        (f"lora_unet_{flat(ATTENTION)}.alpha", "unet", flat(ATTENTION), "alpha"),
        (f"unet.{ATTENTION}.lora_A.weight", "unet", flat(ATTENTION), "down"),
        (f"unet.{ATTENTION}.lora.up.weight", "unet", flat(ATTENTION), "up"),
        (f"base_model.model.unet.{ATTENTION}.lora_B.weight", "unet", flat(ATTENTION), "up"),
        (f"base_model.model.{ATTENTION}.lora_B.default.weight", "unet", flat(ATTENTION), "up"),
        (f"{ATTENTION}.lora_magnitude_vector", "unet", flat(ATTENTION), "magnitude"),
        (
            f"unet.{ATTENTION.removesuffix('.to_q')}.processor.to_q_lora.down.weight",
            "unet", flat(ATTENTION), "down",
        ),
        (
            "unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_out_lora.up.weight",
            "unet", "mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0", "up",
        ),
        ("transformer.context_embedder.lora_A.weight", "unet", "context_embedder", "down"),
        (f"lycoris_{flat(ATTENTION)}.lokr_w1_a", "unet", flat(ATTENTION), "lokr_w1_a"),
        (f"diffusion_model.{ATTENTION}.hada_t1", "unet", flat(ATTENTION), "hada_t1"),
        (f"lora_te_{flat(TEXT)}.lora_up.weight", "text_encoder", flat(TEXT)[11:], "up"),
        (f"lora_te1_{flat(TEXT)}.dora_scale", "text_encoder", flat(TEXT)[11:], "dora_scale"),
        (f"lora_te2_{flat(TEXT)}.oft_blocks", "text_encoder_2", flat(TEXT)[11:], "oft_blocks"),
        (f"text_encoder.{TEXT}.lora_A.weight", "text_encoder", flat(TEXT)[11:], "down"),
        (
            f"text_encoder_2.{TEXT}.lora_linear_layer.down.weight",
            "text_encoder_2", flat(TEXT)[11:], "down",
        ),
        ("lora_unet_input_blocks_1_1_norm.w_norm", "unet", "input_blocks_1_1_norm", "w_norm"),
        ("lora_unet_out_2.a1.weight", "unet", "out_2", "a1"),
        ("lora_unet_out_2.on_input", "unet", "out_2", "on_input"),
    ],
)  # fmt: skip
def test_names_in_files(name, part, layer, kind):
    assert read_name(name) == Named(part, layer, kind)


@pytest.mark.parametrize(
    "name", ["", ".", "lora_unet_x", "first_stage_model.decoder.conv_in.bias", "a.lora_down", "π"]
)
def test_what_is_no_adapters(name):
    assert read_name(name) is None


def test_layers_of_a_network_that_is_no_unet():
    network = nn.ModuleDict({"text_model": nn.ModuleDict({"fc": nn.Linear(2, 2)})})
    assert list(layers(network)) == ["fc"]
