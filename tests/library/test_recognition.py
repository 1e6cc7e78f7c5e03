import json

import pytest

from tests.checkpoints import (
    KEYS,
    SD1_KEYS,
    UNET_INPUT,
    write_file,
    write_folder,
    write_weights,
    write_xl_folder,
)
from webui.core.errors import UserError
from webui.core.paths import CLONE
from webui.library.cards import CARDS
from webui.library.flows import FLOW_PARTS
from webui.library.pipelines import GENERIC
from webui.library.recognition import LDM_PARTS, recognise_file, recognise_folder


def family_of_file(path) -> str:
    return recognise_file(path).family


def family_of_folder(folder) -> str:
    return recognise_folder(folder).family


def test_stable_diffusion_1(tmp_path):
    assert family_of_file(write_file(tmp_path / "a.safetensors")) == "sd1"
    assert family_of_folder(write_folder(tmp_path / "a")) == "sd1"
    assert family_of_folder(CLONE / "models" / "checkpoints" / "easel-demo") == "sd1"


@pytest.mark.parametrize("family", KEYS)
def test_single_files(tmp_path, family):
    kind = recognise_file(write_weights(tmp_path / "a.safetensors", KEYS[family]))
    assert (kind.family, kind.variant, kind.card) == (family, None, CARDS[family])


def test_folders(tmp_path):
    assert family_of_folder(write_folder(tmp_path / "2", use_linear_projection=True)) == "sd2"
    assert family_of_folder(write_xl_folder(tmp_path / "xl")) == "sdxl"
    assert family_of_folder(write_xl_folder(tmp_path / "r", refiner=True)) == "sdxl-refiner"
    lcm = recognise_folder(write_folder(tmp_path / "l", "LatentConsistencyModelPipeline"))
    assert lcm.family == "sd1"


def test_every_family_can_be_told_and_has_a_card():
    assert CARDS.keys() == LDM_PARTS.keys() | FLOW_PARTS.keys() | {GENERIC}
    assert KEYS.keys() == LDM_PARTS.keys()


@pytest.mark.parametrize(
    ("channels", "variant"), [(4, None), (5, "depth"), (8, "edit"), (9, "inpaint")]
)
@pytest.mark.parametrize("family", KEYS)
def test_what_the_network_takes_beside_the_latents(tmp_path, family, channels, variant):
    shapes = {**KEYS[family], UNET_INPUT: (8, channels, 3, 3)}
    assert recognise_file(write_weights(tmp_path / "a.safetensors", shapes)).variant == variant


def test_stable_diffusion_2_takes_pictures_at_512(tmp_path):
    for channels, side in ((4, 768), (9, 512), (5, 512)):
        shapes = {**KEYS["sd2"], UNET_INPUT: (8, channels, 3, 3)}
        card = recognise_file(write_weights(tmp_path / "a.safetensors", shapes)).card
        assert (card.width, card.height) == (side, side)


def test_what_a_folders_network_takes(tmp_path):
    assert recognise_folder(write_folder(tmp_path / "a", in_channels=9)).variant == "inpaint"
    assert recognise_folder(write_xl_folder(tmp_path / "b", in_channels=8)).variant == "edit"


def test_few_steps_are_told_by_the_name_or_what_is_written_inside(tmp_path):
    named = write_weights(tmp_path / "fooXL_lightning4Steps.safetensors", KEYS["sdxl"])
    kind = recognise_file(named)
    assert kind.variant == "lightning"
    assert (kind.card.steps, kind.card.cfg_scale, kind.card.schedule) == (4, 1.0, "SGM Uniform")
    titled = {"modelspec.title": "My Turbo", "modelspec.architecture": "x"}
    path = write_weights(tmp_path / "a.safetensors", KEYS["sdxl"], metadata=titled)
    assert recognise_file(path).variant == "turbo"
    inpaint = {**KEYS["sdxl"], UNET_INPUT: (8, 9, 3, 3)}
    both = recognise_file(write_weights(tmp_path / "a lightning.safetensors", inpaint))
    assert (both.variant, both.card.steps) == ("inpaint", 8)
    lcm = recognise_folder(write_folder(tmp_path / "a", time_cond_proj_dim=256))
    assert (lcm.variant, lcm.card.sampler) == ("lcm", "LCM")


def test_the_size_a_folder_was_trained_at(tmp_path):
    def size(number: int, sample_size: object) -> tuple[int, int]:
        folder = write_xl_folder(tmp_path / str(number), sample_size=sample_size)
        card = recognise_folder(folder).card
        return card.width, card.height

    assert size(1, 64) == (512, 512)
    assert size(2, 128) == (1024, 1024)
    for number, nonsense in enumerate((1, 10**9, "64", None, [64, 64]), 3):
        assert size(number, nonsense) == (1024, 1024)


@pytest.mark.parametrize(
    ("key", "family"),
    [
        ("edm_mean", "playground 2.5"),
        ("noise_augmentor.data_mean", "unclip"),
        ("control_model.zero_convs.0.0.weight", "controlnet"),
    ],
)
def test_other_kinds_are_named(tmp_path, key, family):
    path = write_weights(tmp_path / "a.safetensors", {**KEYS["sd1"], key: (1,)})
    if family == "controlnet":
        path = write_weights(tmp_path / "a.safetensors", {key: (1,)})
    with pytest.raises(UserError, match=f"a.safetensors is a model of the kind {family},"):
        family_of_file(path)


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("lora_unet_x.lora_up.weight", "lora"),
        ("unet.down_blocks.0.attn.to_q.lora_A.weight", "lora"),
        ("x.hada_w1_a", "lora"),
        ("first_stage_model.decoder.conv_in.weight", "vae"),
        ("decoder.conv_in.weight", "vae"),
        ("emb_params", "textual inversion"),
        ("down_blocks.0.resnets.0.conv1.weight", "unet"),
    ],
)
def test_parts_of_models_are_no_models(tmp_path, key, what):
    path = write_weights(tmp_path / "b.safetensors", {key: (1,)})
    with pytest.raises(UserError, match=f"b.safetensors is a model of the kind {what},"):
        family_of_file(path)


def test_what_is_no_model_at_all(tmp_path):
    path = write_weights(tmp_path / "a.safetensors", {"bert.embeddings": (1,)})
    with pytest.raises(UserError, match="a.safetensors is no model that this program knows"):
        family_of_file(path)
    path.write_bytes(b"GIF89a, not weights at all")
    with pytest.raises(UserError, match="a.safetensors is damaged"):
        family_of_file(path)


@pytest.mark.parametrize(
    ("width", "family"), [(768, "sd1"), (1024, "sd2"), (2048, "sdxl"), (1280, "sdxl-refiner")]
)
@pytest.mark.parametrize("prefix", ["model.diffusion_model.", ""])
@pytest.mark.parametrize("first", ["input_blocks.0.0.weight", "conv_in.weight"])
def test_a_unet_alone_is_told_by_the_text_that_it_reads(tmp_path, prefix, first, width, family):
    reader = f"{prefix}down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
    shapes = {f"{prefix}{first}": (8, 9, 3, 3), reader: (320, width)}
    kind = recognise_file(write_weights(tmp_path / "a.safetensors", shapes))
    assert (kind.family, kind.variant) == (family, "inpaint")
    shapes["first_stage_model.decoder.conv_in.weight"] = (2, 2)
    assert recognise_file(write_weights(tmp_path / "b.safetensors", shapes)).family == family


def test_a_unet_that_reads_something_else(tmp_path):
    shapes = {"conv_in.weight": (8, 4, 3, 3), "down_blocks.1.x.attn2.to_k.weight": (320, 999)}
    with pytest.raises(UserError, match="a.safetensors is a model of the kind unet,"):
        family_of_file(write_weights(tmp_path / "a.safetensors", shapes))


@pytest.mark.parametrize(("family", "key"), [(f, k) for f in KEYS for k in list(KEYS[f])[1:]])
def test_an_incomplete_file(tmp_path, family, key):
    shapes = {name: shape for name, shape in KEYS[family].items() if name != key}
    with pytest.raises(UserError, match="not a complete model, it has no (vae|text_encoder)"):
        family_of_file(write_weights(tmp_path / "a.safetensors", shapes))


@pytest.mark.parametrize("channels", [7, 0, "four", [4], None])
def test_networks_that_take_something_else(tmp_path, channels):
    if isinstance(channels, int):
        shapes = {**SD1_KEYS, UNET_INPUT: (8, channels, 3, 3)}
        with pytest.raises(UserError, match=f"of the kind sd1, {channels} channels"):
            family_of_file(write_weights(tmp_path / "a.safetensors", shapes))
    with pytest.raises(UserError, match="of the kind sd1, .* channels"):
        family_of_folder(write_folder(tmp_path / "a", in_channels=channels))


@pytest.mark.parametrize(
    ("kind", "unet", "family"),
    [
        ("Flux2KleinKVPipeline", {}, "flux2 kv"),
        ("WanPipeline", {}, "Wan"),
        ("StableUnCLIPPipeline", {}, "StableUnCLIP"),
        ("StableDiffusionPipeline", {"class_embed_type": "projection"}, "sd1, unclip"),
    ],
)
def test_other_folders_are_named(tmp_path, kind, unet, family):
    with pytest.raises(UserError, match=f"a is a model of the kind {family},"):
        family_of_folder(write_folder(tmp_path / "a", kind, **unet))


@pytest.mark.parametrize(
    "missing",
    [
        "model_index.json",
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "vae/config.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_folder_with_a_part_missing(tmp_path, missing):
    for folder in (write_folder(tmp_path / "a"), write_xl_folder(tmp_path / "b")):
        (folder / missing).unlink()
        with pytest.raises(UserError, match=missing.split("/")[0]):
            family_of_folder(folder)


@pytest.mark.parametrize("missing", ["text_encoder_2/model.safetensors", "tokenizer_2/vocab.json"])
def test_a_folder_without_its_second_text_encoder(tmp_path, missing):
    folder = write_xl_folder(tmp_path / "a")
    (folder / missing).unlink()
    if missing.startswith("tokenizer"):
        (folder / missing).parent.rmdir()
    with pytest.raises(UserError, match=f"it has no {missing.split('/')[0]}"):
        family_of_folder(folder)


ODD = (None, True, -1, 10**30, 1.5, "", "x", [], [[]], {}, {"a": 1})


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("model_index", "_class_name"),
        ("model_index", "text_encoder"),
        ("unet/config", "in_channels"),
        ("unet/config", "sample_size"),
        ("unet/config", "class_embed_type"),
        ("unet/config", "use_linear_projection"),
        ("unet/config", "time_cond_proj_dim"),
    ],
)
def test_configs_of_nonsense_give_a_sentence_at_worst(tmp_path, file, key):
    for number, value in enumerate(ODD):
        folder = write_xl_folder(tmp_path / str(number))
        path = folder / f"{file}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
        try:
            assert family_of_folder(folder) in CARDS
        except UserError as error:
            assert str(number) in str(error)


def test_a_part_that_is_cut_off_is_named(tmp_path):
    folder = write_folder(tmp_path / "a")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="a/vae/diffusion_pytorch_model.safetensors is cut off"):
        family_of_folder(folder)
