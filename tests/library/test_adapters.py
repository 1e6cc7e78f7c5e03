import json
from dataclasses import replace

import pytest

from tests.checkpoints import write_weights
from webui.library.adapters import (
    MOST_TAGS,
    MOST_WORDS,
    adapter_of,
    family_named,
    fitting_family,
    is_adapter,
    noted_family,
    tidy,
    trained_tags,
    trained_words,
)
from webui.library.keys import Keys
from webui.library.weights import read_header


def lora(shapes, metadata=None):
    adapter = adapter_of(shapes, Keys(shapes))
    return replace(adapter, family=fitting_family(adapter.family, metadata or {}))


def down(name: str, width: int = 320, rank: int = 8) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.lora_down.weight": (rank, width),
        f"{name}.lora_up.weight": (320, rank),
        f"{name}.alpha": (),
    }


CROSS = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
LDM_CROSS = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        (down(CROSS, 768), "sd1"),
        (down(CROSS, 1024), "sd2"),
        (down(CROSS, 2048), "sdxl"),
        (down(LDM_CROSS, 2048), "sdxl"),
        (down("lora_te_text_model_encoder_layers_0_mlp_fc1", 768), "sd1"),
        (down("lora_te_text_model_encoder_layers_22_mlp_fc1", 1024), "sd2"),
        (down("lora_te2_text_model_encoder_layers_0_mlp_fc1", 1280), "sdxl"),
        ({"lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q.hada_w1_a": (8, 8)}, "sdxl"),
        (
            {
                "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (
                    4,
                    768,
                ),
            },
            "sd1",
        ),
        (
            {
                "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.processor"
                ".to_k_lora.down.weight": (4, 2048),
            },
            "sdxl",
        ),
        ({"unet.down_blocks.2.attentions.0.transformer_blocks.1.attn2.to_q.lora_A.weight": (4, 9)},
         "sdxl"),
        (down("lora_unet_double_blocks_0_img_attn_qkv", 3072), "flux"),
        (down("lora_unet_single_blocks_37_linear1", 3072), "flux"),
        ({"double_blocks.0.processor.proj_lora1.down.weight": (16, 3072)}, "flux"),
        ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (16, 3072)}, "flux"),
        (down("lora_unet_joint_blocks_0_x_block_attn_qkv", 1536), "sd3"),
        ({"transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight": (16, 1536)}, "sd3"),
        ({"transformer.transformer_blocks.3.img_mlp.net.0.proj.lora_A.weight": (16, 9)},
         "qwen-image"),
        ({"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (16, 5120)}, "wan"),
        ({"diffusion_model.layers.0.attention.to_q.lora_A.weight": (16, 3840)}, "lumina2"),
        ({f"{CROSS}.hada_w1_a": (320, 8), f"{CROSS}.hada_w1_b": (8, 768)}, "sd1"),
        ({f"{CROSS}.lokr_w1": (16, 16), f"{CROSS}.lokr_w2": (20, 128)}, "sdxl"),
        ({f"{CROSS}.lokr_w1_a": (16, 4), f"{CROSS}.lokr_w1_b": (4, 16),
          f"{CROSS}.lokr_w2_b": (4, 64)}, "sd2"),
        ({f"{CROSS}.lokr_w1": (16,), f"{CROSS}.lokr_w2": ()}, None),
        ({f"{CROSS}.diff": (320, 768)}, "sd1"),
        ({"lora_unet_x.lokr_w1": (4, 4), "lora_unet_x.lokr_w2": (80, 80)}, None),
    ],
)  # fmt: skip
def test_the_family_that_it_fits(shapes, family):
    assert is_adapter(Keys(shapes))
    assert lora(shapes).family == family


@pytest.mark.parametrize(
    ("names", "algorithm"),
    [
        (["x.lora_down.weight", "x.lora_up.weight"], "lora"),
        (["x.lora_A.weight"], "lora"),
        (["x.lora_A.default.weight"], "lora"),
        (["x.to_k_lora.down.weight", "x.to_k_lora.up.weight"], "lora"),
        (["x.lora.down.weight"], "lora"),
        (["x.lora_down.weight", "x.dora_scale"], "dora"),
        (["x.lora_A.weight", "x.lora_magnitude_vector"], "dora"),
        (["x.hada_w1_a", "x.hada_w1_b", "x.hada_w2_a", "x.hada_w2_b"], "loha"),
        (["x.hada_w1_a", "x.dora_scale"], "loha dora"),
        (["x.lokr_w1", "x.lokr_w2_a"], "lokr"),
        (["x.oft_blocks"], "oft"),
        (["x.oft_diag"], "oft"),
        (["x.oft_R.weight"], "oft"),
        (["x.a1.weight", "x.b2.weight"], "glora"),
        (["x.on_input", "x.weight"], "ia3"),
        (["lora_unet_x.diff", "lora_unet_x.diff_b"], "full"),
        (["x.w_norm", "x.b_norm"], "norm"),
    ],
)
def test_algorithms(names, algorithm):
    shapes = dict.fromkeys(names, (4, 4))
    assert is_adapter(Keys(shapes))
    assert lora(shapes).algorithm == algorithm


def test_convolutions_and_rank():
    shapes = {"x.lora_down.weight": (32, 320, 3, 3), "y.lora_down.weight": (32, 320, 1, 1)}
    assert (lora(shapes).algorithm, lora(shapes).rank) == ("locon", 32)
    assert lora({"y.lora_down.weight": (16, 320, 1, 1)}).algorithm == "lora"
    assert lora({"x.lora_A.weight": (4, 320)}).rank == 4
    assert lora({"x.oft_blocks": (8, 4, 4)}).rank is None


@pytest.mark.parametrize(
    "names", [["model.diffusion_model.x.weight"], ["a1.weight.b"], ["diff.x"], ["clip_l"], []]
)
def test_what_is_none(names):
    assert not is_adapter(Keys(names))


def test_what_the_trainer_noted():
    told = {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora"}
    assert noted_family(told) == "sdxl"
    assert noted_family({"ss_base_model_version": "sd_v1"}) == "sd1"
    assert noted_family({"ss_v2": "True"}) == "sd2"
    assert noted_family({"ss_v2": "False"}) is None
    unknown = {"lora_unet_x.lokr_w1": (4, 4)}
    assert lora(unknown, {"ss_base_model_version": "sdxl_base_v1-0"}).family == "sdxl"
    flux = down("lora_unet_double_blocks_0_img_attn_qkv")
    assert lora(flux, {"modelspec.architecture": "chroma/lora"}).family == "chroma"
    assert lora(flux, {"ss_base_model_version": "sd_v1"}).family == "flux"


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("SD 1.5", "sd1"),
        ("sd_v1", "sd1"),
        ("stable-diffusion-v1/lora", "sd1"),
        ("SD 2.1 768", "sd2"),
        ("SDXL 1.0", "sdxl"),
        ("Pony", "sdxl"),
        ("Illustrious", "sdxl"),
        ("sdxl_refiner", "sdxl-refiner"),
        ("SD 3.5 Large", "sd3"),
        ("stable-diffusion-v3-medium", "sd3"),
        ("Flux.1 D", "flux"),
        ("flux-1-dev/lora", "flux"),
        ("Flux.2 D", "flux2"),
        ("Qwen", "qwen-image"),
        ("ZImageTurbo", "z-image"),
        ("Z-Image", "z-image"),
        ("Wan Video 14B t2v", "wan"),
        ("Other", None),
        ("", None),
    ],
)
def test_families_as_people_call_them(text, family):
    assert family_named(text) == family


def test_words_that_call_it():
    frequency = {"10_sks": {"sks dog": 20, "grass": 7}, "5_more": {" sks dog ": 10, "dog": 29}}
    metadata = {"ss_tag_frequency": json.dumps(frequency)}
    tags = trained_tags(metadata)
    assert tags == (("sks dog", 30), ("dog", 29), ("grass", 7))
    assert trained_words(metadata, tags) == ("sks dog", "dog")
    said = {**metadata, "modelspec.trigger_phrase": " a photo of sks, "}
    assert trained_words(said, tags) == ("a photo of sks",)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": {"b": "c"}}', "[" * 10**5])
def test_strange_frequencies(text):
    metadata = {"ss_tag_frequency": text}
    assert trained_tags(metadata) == () and trained_words(metadata, ()) == ()


def test_words_are_bounded():
    metadata = {
        "ss_tag_frequency": json.dumps({"a": {f"{n} " + "x" * 999: 1 for n in range(1000)}})
    }
    tags = trained_tags(metadata)
    assert len(tags) == MOST_TAGS and all(len(word) <= 200 for word, _ in tags)
    assert len(trained_words(metadata, tags)) == MOST_WORDS
    assert tidy(["a,", " a ", "", ",", "b"]) == ("a", "b")


def test_a_real_file(tmp_path):
    path = write_weights(tmp_path / "a.safetensors", down(CROSS, 768, rank=2))
    header = read_header(path, path.name)
    adapter = adapter_of(header.shapes, Keys(header.shapes))
    assert (adapter.algorithm, adapter.family, adapter.rank) == ("lora", "sd1", 2)
    assert header.dtype == "F16"
