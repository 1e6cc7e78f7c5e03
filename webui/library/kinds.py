"""What kind of model a file of weights is, told by their names and shapes, whatever it is called.

Kinds are those of `layouts.FOLDERS`, and `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from webui.library.adapters import WIDTHS, Shape, adapter_of, fitting_family, is_adapter
from webui.library.keys import Keys
from webui.library.weights import Header

Shapes = Mapping[str, Shape]

_DIFFUSION: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("flux2", ("_double_stream_modulation_img_", "_single_stream_modulation_")),
    ("chroma", ("_distilled_guidance_layer_",)),
    ("hunyuan-video", ("_txt_in_individual_token_refiner_",)),
    ("flux", ("_double_blocks_0_img_attn_", "_single_transformer_blocks_0_")),
    ("flux", ("_double_blocks_0_",)),
    ("auraflow", ("_double_layers_0_",)),
    ("hidream", ("_double_stream_blocks_0_",)),
    ("ltx", ("_patchify_proj_",)),
    ("mochi", ("_blocks_0_attn_qkv_x_",)),
    ("pixart", ("_adaln_single_",)),
    ("sd3", ("_joint_blocks_0_", "\n_pos_embed_proj_weight_\n")),
    ("qwen-image", ("_transformer_blocks_0_img_mlp_",)),
    ("lumina2", ("_cap_embedder_0_", "_noise_refiner_0_", "_layers_0_adaLN_modulation_")),
    ("sana", ("_cross_attn_q_linear_",)),
    ("wan", ("_blocks_0_cross_attn_", "_head_modulation_\n", "\n_vace_blocks_0_")),
    ("cosmos", ("\n_net_x_embedder_",)),
    ("stable-cascade", ("_down_blocks_0_0_channelwise_", "\n_clip_txt_mapper_")),
)
"""Family -> marks of the names of its diffusion model, see `Keys`; the first found counts."""
_PREFIX = "\n_model_diffusion_model_"
"""How a diffusion model's names begin in a file with all parts, also of families unknown."""
_UNET = ("_input_blocks_0_0_weight_\n", "\n_down_blocks_0_resnets_0_", "_unet_down_blocks_0_")
_Z_IMAGE_WIDTH = 2560
"""Numbers a token of the text encoder of Z-Image, which else has Lumina 2's names."""

_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ip_adapter", ("\n_image_proj_", "\n_ip_adapter_", "_to_k_ip_")),
    (
        "controlnet",
        (
            "\n_control_model_",
            "_controlnet_cond_embedding_",
            "_controlnet_blocks_",
            "_controlnet_down_blocks_",
            "_controlnet_x_embedder_",
            "\n_lora_controlnet_\n",
            "\n_zero_convs_0_",
            "\n_control_all_x_embedder_",
            "\n_control_layers_0_",
            "\n_input_hint_block_",
            "\n_adapter_body_",
            "\n_body_0_in_conv_",
        ),
    ),
)
_DEPTH = ("\n_neck_reassemble_stage_", "\n_neck_fusion_stage_", "\n_fov_model_")
"""Names that networks of depth have in transformers: DPT, Depth Anything, ZoeDepth, DepthPro."""
_OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "vae",
        (
            "_decoder_conv_in_weight_\n",
            "_decoder_mid_block_",
            "_decoder_middle_0_residual_",
            "_decoder_stages_0_",
            "\n_decoder_layers_0_",
            "\n_first_stage_model_",
        ),
    ),
    # also one that sees, as Qwen's, or its half that does
    ("text_encoder", ("_model_layers_0_self_attn_", "\n_v_blk_0_")),
    ("image_encoder", ("_vision_model_", "\n_visual_")),
    (
        "text_encoder",
        (
            "_text_model_encoder_layers_0_",
            "_transformer_resblocks_0_",
            "_encoder_block_0_layer_0_SelfAttention_",
            "_model_layers_0_self_attn_",
            "\n_enc_blk_0_",  # as GGUF calls T5's
            "\n_blk_0_attn_",  # and those of language models
            "\n_cond_stage_model_",
            "\n_conditioner_",
            "\n_text_encoders_",
        ),
    ),
    (
        "upscaler",
        (
            "_model_0_sub_0_RDB0_",
            "_RRDB_trunk_0_",
            "_body_0_rdb0_",
            "\n_conv_first_weight_\n",
            "_residual_group_blocks_0_",
            "\n_params_ema_",
            "\n_body_0_weight_\n",
            "_upsampler_0_",
            "\n_m_head_",
        ),
    ),
)
"""Kind -> marks of its names; `_KINDS` before a diffusion model is looked for, `_OTHERS` after."""
_NOTED = ("lora", "controlnet", "ip_adapter", "vae")
"""Kinds whose family their makers write down."""
_TEXT_PARTS = ("\n_cond_stage_model_", "\n_conditioner_", "\n_text_encoders_")
_PARTS = (*_TEXT_PARTS, "\n_first_stage_model_", "\n_vae_")
"""What a whole checkpoint has beside its diffusion model."""
_MOST_VECTORS = 6
_CLIP_WIDTHS: Mapping[int, str] = {768: "clip-l", 1024: "clip-h", 1280: "clip-g"}
_LANGUAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("mmproj", ("\n_v_blk_0_",)),  # the half of one that sees, as llama.cpp keeps it
    ("gemma", ("_pre_feedforward_layernorm_", "\n_blk_0_post_ffw_norm_")),
    ("qwen3", ("_self_attn_q_norm_", "\n_blk_0_attn_q_norm_")),
    ("qwen2.5", ("_self_attn_q_proj_bias_", "\n_blk_0_attn_q_bias_")),
)
"""Which language model a file is -> marks of its names; the first found counts."""
_TOKENS = re.compile(r"(token_embedding|embed_tokens|shared)\.weight$")


@dataclass(frozen=True)
class Recognised:
    """What a file is.

    Attributes:
        kind: a key of `layouts.FOLDERS`, or `unknown`.
        family: of the models that it is or fits, or which text encoder it is; None if untold.
        algorithm: of a LoRA, see `adapters.Adapter`.
        rank: of a LoRA's matrices.
    """

    kind: str
    family: str | None = None
    algorithm: str | None = None
    rank: int | None = None


def recognised(header: Header) -> Recognised:
    """What a file is, from its header alone."""
    return noted(recognised_by_shapes(header.shapes), header.metadata)


def noted(found: Recognised, metadata: Mapping[str, str]) -> Recognised:
    """With what names and shapes do not tell, but the maker wrote down."""
    if found.kind not in _NOTED:
        return found
    return replace(found, family=fitting_family(found.family, metadata))


def recognised_by_shapes(shapes: Shapes) -> Recognised:
    """What a file is, from the names and shapes of its weights alone."""
    keys = Keys(shapes)
    for kind, marks in _KINDS:
        if keys.have(*marks):
            return Recognised(kind, _family(shapes, keys))
    if is_adapter(keys):
        adapter = adapter_of(shapes, keys)
        return Recognised("lora", adapter.family, adapter.algorithm, adapter.rank)
    if embedding := _embedding(shapes):
        return embedding
    if keys.have(_PREFIX, *_UNET) or any(keys.have(*marks) for _, marks in _DIFFUSION):
        whole = keys.have(*_PARTS)
        return Recognised("checkpoint" if whole else "diffusion_model", _family(shapes, keys))
    if keys.have(*_DEPTH):
        return Recognised("depth")
    for kind, marks in _OTHERS:
        if keys.have(*marks):
            return Recognised(kind, _text_encoder(shapes, keys) if kind == "text_encoder" else None)
    return Recognised("unknown")


def _family(shapes: Shapes, keys: Keys) -> str | None:
    """Of a diffusion model, or of what is built like the first half of one."""
    for family, marks in _DIFFUSION:
        if keys.have(*marks):
            return "z-image" if family == "lumina2" and _is_z_image(shapes) else family
    for name, shape in shapes.items():
        if name.endswith(("attn2.to_k.weight", "attn2_to_k.weight")) and len(shape) == 2:
            return WIDTHS.get(shape[1])
    return None


def _is_z_image(shapes: Shapes) -> bool:
    found = (shape for name, shape in shapes.items() if "cap_embedder.1.weight" in name)
    return any(shape[-1:] == (_Z_IMAGE_WIDTH,) for shape in found)


def _embedding(shapes: Shapes) -> Recognised | None:
    """Vectors that stand for a word: one or two tensors of as many numbers as a token has."""
    wide = [shape[-1] for shape in shapes.values() if 0 < len(shape) <= 2]
    if not 0 < len(shapes) == len(wide) <= _MOST_VECTORS or not all(
        width in (*WIDTHS, 4096) for width in wide
    ):
        return None
    if {"clip_l", "clip_g"} <= set(shapes):
        return Recognised("embedding", "sdxl")
    known = "emb_params" in shapes or len(shapes) == 1
    return Recognised("embedding", WIDTHS.get(wide[0])) if known else None


def _text_encoder(shapes: Shapes, keys: Keys) -> str | None:
    if keys.have("_SelfAttention_", "\n_enc_blk_0_"):
        return "t5"
    for name, shape in shapes.items():
        if _TOKENS.search(name) and len(shape) == 2:
            if "text_model." in name:
                return _CLIP_WIDTHS.get(shape[1])
    return next((name for name, marks in _LANGUAGES if keys.have(*marks)), None)
