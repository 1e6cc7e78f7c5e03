import pytest

from webui.core.errors import UserError
from webui.library.blocks import BASE, PRESETS, block_names, block_of, read_blocks

UNET = "model.diffusion_model."


@pytest.mark.parametrize(
    ("family", "count"), [("sd1", 25), ("sd2", 25), ("sdxl", 19), ("sd3", 0), (None, 0)]
)
def test_the_blocks_of_a_family(family, count):
    names = block_names(family)
    assert len(names) == count
    if names:
        half = count // 2
        assert (names[0], names[half], names[-1]) == ("IN00", "M00", f"OUT{half - 1:02}")


@pytest.mark.parametrize(
    ("single", "folder", "block"),
    [
        ("input_blocks.0.0.weight", "conv_in.weight", "IN00"),
        ("time_embed.0.weight", "time_embedding.linear_1.weight", "IN00"),
        ("input_blocks.1.1.proj_in.weight", "down_blocks.0.attentions.0.proj_in.weight", "IN01"),
        ("input_blocks.2.0.in_layers.0.bias", "down_blocks.0.resnets.1.norm1.bias", "IN02"),
        ("input_blocks.3.0.op.weight", "down_blocks.0.downsamplers.0.conv.weight", "IN03"),
        ("input_blocks.8.0.in_layers.0.bias", "down_blocks.2.resnets.1.norm1.bias", "IN08"),
        ("middle_block.1.norm.weight", "mid_block.attentions.0.norm.weight", "M00"),
        ("output_blocks.0.0.in_layers.0.bias", "up_blocks.0.resnets.0.norm1.bias", "OUT00"),
        ("output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight", "OUT02"),
        ("output_blocks.8.1.norm.weight", "up_blocks.2.attentions.2.norm.weight", "OUT08"),
    ],
)
@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_a_weight_belongs_to_a_block_by_either_name(single, folder, block, family):
    assert block_of(UNET + single, family) == block
    assert block_of(f"unet/{folder}", family) == block


def test_what_is_around_and_outside():
    assert block_of(f"{UNET}label_emb.0.0.weight", "sdxl") == "IN00"
    assert block_of(f"{UNET}out.2.weight", "sd1") == block_of("unet/conv_out.weight", "sd1")
    assert block_of(f"{UNET}out.2.weight", "sd1") == "OUT11"
    assert block_of(f"{UNET}out.2.weight", "sdxl") == "OUT08"
    for name in (
        "first_stage_model.encoder.conv_in.weight",
        "cond_stage_model.transformer.text_model.final_layer_norm.bias",
        "vae/decoder.up_blocks.0.resnets.0.conv1.weight",
        f"{UNET}input_blocks.12.0.weight",
        "betas",
    ):
        assert block_of(name, "sd1") == BASE
    assert block_of(f"{UNET}double_blocks.0.img_attn.qkv.weight", "flux") == BASE


def test_numbers_are_for_the_blocks_in_order_with_base_before_them_or_without():
    given = [number / 100 for number in range(25)]
    text = ",".join(map(str, given))
    weights = read_blocks(text, "sd1")
    assert list(weights.values()) == given and list(weights) == list(block_names("sd1"))
    with_base = read_blocks(f"0.9, {text}", "sd1")
    assert with_base == {BASE: 0.9, **weights}
    assert len(read_blocks(",".join(["1"] * 19), "sdxl")) == 19


def test_only_those_that_differ():
    assert read_blocks("in04: 0.25, M00=1 ,base:0", "sd1") == {"IN04": 0.25, "M00": 1, BASE: 0}
    assert read_blocks(" ", "sd1") == read_blocks("", None) == {}


def test_presets_are_shapes_that_fit_any_family():
    assert read_blocks("grad_v", "sd1")["IN01"] == pytest.approx(11 / 12)
    assert read_blocks("GRAD_A", "sd1")["M00"] == 1
    assert read_blocks("COSINE", "sd1")["IN01"] == pytest.approx(0.9957224306869052)
    assert read_blocks("SMOOTHSTEP", "sd1")["IN01"] == pytest.approx(0.005063657407)
    for name in PRESETS:
        for family in ("sd1", "sdxl"):
            weights = read_blocks(name, family)
            assert tuple(weights) == block_names(family)
            assert all(0 <= weight <= 1 for weight in weights.values())
    only = read_blocks("ONLY_IN", "sd1")
    assert (only["IN11"], only["M00"], only["OUT00"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "family", "code"),
    [
        ("GRAD_X", "sd1", "unknown"),
        ("0.5", "sd1", "unknown"),
        ("IN12:1", "sd1", "unknown"),
        ("IN09:1", "sdxl", "unknown"),
        ("0,1", "sd1", "count"),
        (",".join(["0"] * 26), "sdxl", "count"),
        (",".join(["0"] * 24 + ["x"]), "sd1", "number"),
        (",".join(["0"] * 24 + ["nan"]), "sd1", "number"),
        ("IN00:inf", "sd1", "number"),
        ("IN00:4", "sd1", "number"),
        ("IN00:", "sd1", "number"),
        ("GRAD_V", "flux", "none"),
        ("GRAD_V", None, "none"),
    ],
)
def test_what_is_none_of_these_is_explained(text, family, code):
    with pytest.raises(UserError) as caught:
        read_blocks(text, family)
    assert caught.value.problem.code == f"merge_blocks_{code}"
    assert caught.value.problem.field == "blocks"
