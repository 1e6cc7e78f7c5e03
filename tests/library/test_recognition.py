import pytest

from tests.checkpoints import SD1_KEYS, UNET_INPUT, write_file, write_folder, write_weights
from webui.core.errors import UserError
from webui.core.paths import CLONE
from webui.library.recognition import CARDS, family_of_file, family_of_folder


def test_stable_diffusion_1(tmp_path):
    assert family_of_file(write_file(tmp_path / "a.safetensors")) == "sd1"
    assert family_of_folder(write_folder(tmp_path / "a")) == "sd1"
    assert family_of_folder(CLONE / "models" / "checkpoints" / "easel-demo") == "sd1"


@pytest.mark.parametrize(
    ("key", "family"),
    [
        ("cond_stage_model.model.ln_final.weight", "sd2"),
        ("conditioner.embedders.1.model.ln_final.weight", "sdxl"),
        ("conditioner.embedders.0.model.ln_final.weight", "sdxl refiner"),
        ("model.diffusion_model.joint_blocks.0.x", "sd3"),
        ("double_blocks.0.img_attn.qkv.weight", "flux"),
    ],
)
def test_other_kinds_are_named(tmp_path, key, family):
    path = write_weights(tmp_path / "a.safetensors", {UNET_INPUT: (8, 4, 3, 3), key: (1,)})
    with pytest.raises(UserError, match=f"a.safetensors is a model of the kind {family},"):
        family_of_file(path)


def test_what_is_no_model_at_all(tmp_path):
    lora = write_weights(tmp_path / "b.safetensors", {"lora_unet_x.lora_up.weight": (1,)})
    with pytest.raises(UserError, match="b.safetensors is a model of the kind lora,"):
        family_of_file(lora)
    path = write_weights(tmp_path / "a.safetensors", {"bert.embeddings": (1,)})
    with pytest.raises(UserError, match="a.safetensors is no model that this program knows"):
        family_of_file(path)


@pytest.mark.parametrize("key", list(SD1_KEYS)[1:])
def test_an_incomplete_file(tmp_path, key):
    shapes = {name: shape for name, shape in SD1_KEYS.items() if name != key}
    with pytest.raises(UserError, match="not a complete model, it has no (vae|text_encoder)"):
        family_of_file(write_weights(tmp_path / "a.safetensors", shapes))


def test_models_for_inpainting(tmp_path):
    shapes = {**SD1_KEYS, UNET_INPUT: (8, 9, 3, 3)}
    with pytest.raises(UserError, match="of the kind sd1, 9 channels"):
        family_of_file(write_weights(tmp_path / "a.safetensors", shapes))
    with pytest.raises(UserError, match="of the kind sd1, 9 channels"):
        family_of_folder(write_folder(tmp_path / "a", in_channels=9))


@pytest.mark.parametrize(
    ("kind", "unet", "family"),
    [
        ("StableDiffusionXLPipeline", {}, "sdxl"),
        ("StableDiffusion3Pipeline", {}, "sd3"),
        ("FluxPipeline", {}, "flux"),
        ("PixArtAlphaPipeline", {}, "PixArtAlpha"),
        ("StableDiffusionPipeline", {"use_linear_projection": True}, "sd2"),
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
    folder = write_folder(tmp_path / "a")
    (folder / missing).unlink()
    with pytest.raises(UserError, match=missing.split("/")[0]):
        family_of_folder(folder)


def test_a_part_that_is_cut_off_is_named(tmp_path):
    folder = write_folder(tmp_path / "a")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="a/vae/diffusion_pytorch_model.safetensors is cut off"):
        family_of_folder(folder)


def test_every_family_has_a_card_with_a_preview():
    for family, card in CARDS.items():
        assert card.family == family
        assert card.preview is not None
