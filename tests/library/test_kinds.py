import pytest

from tests.checkpoints import KEYS
from webui.core.kinds import MODEL_KINDS
from webui.library.kinds import Recognised, recognised
from webui.library.weights import Header

CROSS = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"


def told(shapes, metadata=None) -> Recognised:
    return recognised(Header(shapes, {}, metadata or {}))


def names(*given: str) -> dict[str, tuple[int, ...]]:
    return dict.fromkeys(given, (4, 4))


@pytest.mark.parametrize("family", KEYS)
def test_checkpoints(family):
    assert told(KEYS[family]).kind == "checkpoint"


@pytest.mark.parametrize(
    ("shapes", "kind", "family"),
    [
        ({"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
          f"model.diffusion_model.{CROSS}": (320, 768)}, "diffusion_model", "sd1"),
        ({"down_blocks.0.resnets.0.conv1.weight": (1,),
          "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048)},
         "diffusion_model", "sdxl"),
        (names("double_blocks.0.img_attn.qkv.weight"), "diffusion_model", "flux"),
        (names("model.diffusion_model.double_blocks.0.img_attn.qkv.weight",
               "text_encoders.t5xxl.transformer.shared.weight", "vae.decoder.conv_in.weight"),
         "checkpoint", "flux"),
        (names("transformer_blocks.0.attn.to_q.weight",
               "single_transformer_blocks.0.attn.to_q.weight"), "diffusion_model", "flux"),
        (names("double_blocks.0.x", "double_stream_modulation_img.lin.weight"),
         "diffusion_model", "flux2"),
        (names("double_blocks.0.x", "distilled_guidance_layer.in_proj.weight"),
         "diffusion_model", "chroma"),
        (names("joint_blocks.0.x_block.attn.qkv.weight"), "diffusion_model", "sd3"),
        (names("pos_embed.proj.weight", "transformer_blocks.0.attn.to_q.weight"),
         "diffusion_model", "sd3"),
        (names("pos_embed.proj.weight", "adaln_single.linear.weight"),
         "diffusion_model", "pixart"),
        (names("transformer_blocks.0.img_mlp.net.0.proj.weight"), "diffusion_model", "qwen-image"),
        ({"cap_embedder.1.weight": (2304, 2304)}, "diffusion_model", "lumina2"),
        ({"cap_embedder.1.weight": (3840, 2560)}, "diffusion_model", "z-image"),
        (names("blocks.0.cross_attn.k.weight"), "diffusion_model", "wan"),
        (names("blocks.0.cross_attn.q_linear.weight"), "diffusion_model", "sana"),
        (names("model.diffusion_model.patchify_proj.weight", "x.adaln_single.y"),
         "diffusion_model", "ltx"),
        (names("model.diffusion_model.of.a.new.kind.weight"), "diffusion_model", None),
        (names("model.diffusion_model.of.a.new.kind.weight", "vae.decoder.conv_in.weight"),
         "checkpoint", None),
        (names("control_layers.14.adaLN_modulation.0.weight"), "controlnet", "lumina2"),
        (names("decoder.stages.1.op_list.0.main.conv.conv.bias"), "vae", None),
        (names("lora_unet_x.lora_down.weight"), "lora", None),
        (names("double_blocks.0.img_attn.qkv.lora_A.weight"), "lora", "flux"),
        ({"emb_params": (2, 768)}, "embedding", "sd1"),
        ({"emb_params": (2, 1024)}, "embedding", "sd2"),
        ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "sdxl"),
        ({"<żółw>": (768,)}, "embedding", "sd1"),
        (names("first_stage_model.decoder.conv_in.weight"), "vae", None),
        (names("decoder.conv_in.weight", "encoder.down_blocks.0.resnets.0.conv1.weight"),
         "vae", None),
        (names("decoder.layers.0.weight", "encoder.layers.0.weight"), "vae", None),
        ({"control_model.zero_convs.0.0.weight": (1,), f"control_model.{CROSS}": (320, 768)},
         "controlnet", "sd1"),
        ({"controlnet_cond_embedding.conv_in.weight": (1,),
          "down_blocks.0.resnets.0.conv1.weight": (1,),
          "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048)},
         "controlnet", "sdxl"),
        (names("controlnet_blocks.0.weight", "single_transformer_blocks.0.x"),
         "controlnet", "flux"),
        (names("lora_controlnet", "input_hint_block.0.weight", "x.up", "x.down"),
         "controlnet", None),
        (names("adapter.body.0.block1.weight"), "controlnet", None),
        (names("image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight"), "ip_adapter", None),
        (names("1.to_k_ip.weight"), "ip_adapter", None),
        (names("double_blocks.0.processor.qkv_lora2.up.weight"), "lora", "flux"),
        ({"text_model.encoder.layers.0.mlp.fc1.weight": (1,),
          "text_model.embeddings.token_embedding.weight": (49408, 768)}, "text_encoder", "clip-l"),
        ({"text_model.encoder.layers.0.mlp.fc1.weight": (1,),
          "text_model.embeddings.token_embedding.weight": (49408, 1280)}, "text_encoder", "clip-g"),
        (names("encoder.block.0.layer.0.SelfAttention.q.weight", "shared.weight"),
         "text_encoder", "t5"),
        (names("model.layers.0.self_attn.q_proj.weight"), "text_encoder", None),
        (names("model.layers.0.self_attn.q_proj.weight", "visual.blocks.0.x"),
         "text_encoder", None),
        (names("enc.blk.0.attn_k.weight"), "text_encoder", "t5"),
        (names("blk.12.attn_k.weight"), "text_encoder", None),
        (names("blk.12.attn_k.weight", "blk.0.attn_k_norm.weight", "blk.0.attn_q_norm.weight"),
         "text_encoder", "qwen3"),
        (names("blk.0.attn_k.weight", "blk.0.attn_q_norm.weight", "blk.0.post_ffw_norm.weight"),
         "text_encoder", "gemma"),
        (names("model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.q_proj.bias"),
         "text_encoder", "qwen2.5"),
        (names("v.blk.0.attn_q.weight", "mm.0.weight", "v.patch_embd.weight"),
         "text_encoder", "mmproj"),
        (names("vision_model.encoder.layers.0.mlp.fc1.weight"), "image_encoder", None),
        (names("model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"), "upscaler", None),
        (names("conv_first.weight", "body.0.rdb1.conv1.weight"), "upscaler", None),
        (names("anything.else"), "unknown", None),
        ({"x": (1,)}, "unknown", None),
        ({}, "unknown", None),
    ],
)  # fmt: skip
def test_what_names_and_shapes_tell(shapes, kind, family):
    found = told(shapes)
    assert (found.kind, found.family) == (kind, family)
    assert kind in MODEL_KINDS


def test_a_lora_is_told_with_its_algorithm():
    found = told({"lora_unet_x.hada_w1_a": (4, 4)}, {"ss_base_model_version": "sd_v2"})
    assert found == Recognised("lora", "sd2", "loha", None)


def test_a_vae_whose_metadata_tells_its_family():
    shapes = names("decoder.conv_in.weight")
    assert told(shapes, {"modelspec.architecture": "stable-diffusion-xl-v1-base/vae"}) == (
        Recognised("vae", "sdxl")
    )
