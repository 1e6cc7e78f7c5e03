import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKLQwenImage
from safetensors.torch import load_file, save_file

from tests.ldm_layout import ldm_names
from tests.tiny_flux2 import flux2_autoencoder, flux2_vae_layout
from tests.tiny_newer import wan_layout
from webui.core.errors import UnknownId, UserError
from webui.core.offers import ModelInfo
from webui.library.catalog import Catalog
from webui.models import vae as module
from webui.models.autoencoders import Flux2Autoencoder, QwenAutoencoder
from webui.models.families import FAMILIES
from webui.models.vae import Vaes, read_vae

CPU = torch.device("cpu")


@pytest.fixture
def model(tiny):
    return FAMILIES["sd1"].load(tiny.folder_info, CPU, lambda done, total: None)


@pytest.fixture
def weights(tiny):
    """Another autoencoder's, by diffusers' names."""
    weights = load_file(tiny.folder / "vae" / "diffusion_pytorch_model.safetensors")
    return {name: one * 1.1 for name, one in weights.items()}


def names_of(weights, form: str):
    if form == "diffusers":
        return weights
    prefix = "first_stage_model." if form == "whole" else ""
    more = {"loss.logvar": torch.ones(1), "model_ema.decay": torch.ones(1)}
    return {**dict(ldm_names("vae", prefix, weights)), **more}


@pytest.mark.parametrize("form", ["diffusers", "ldm", "whole"])
@pytest.mark.parametrize("ending", ["safetensors", "pt", "ckpt"])
def test_forms_of_files(model, weights, tmp_path, form, ending):
    tensors, path = names_of(weights, form), tmp_path / f"a.{ending}"
    if ending == "safetensors":
        save_file(tensors, path)
    else:
        torch.save({"state_dict": tensors} if ending == "ckpt" else tensors, path)
    read = read_vae(path, model.own_autoencoder, CPU)
    for name, value in read.vae.state_dict().items():
        assert torch.equal(value, weights[name])
    assert read.scale == model.own_autoencoder.scale


@pytest.mark.parametrize(
    ("kind", "make", "layout"),
    [
        (QwenAutoencoder, lambda: AutoencoderKLQwenImage(base_dim=8), wan_layout),
        (Flux2Autoencoder, flux2_autoencoder, flux2_vae_layout),
    ],
)
def test_files_of_newer_kinds(tmp_path, kind, make, layout):
    like, other = kind(make()), make()
    for form in (layout, dict):
        save_file(form(other.state_dict()), tmp_path / "a.safetensors")
        read = read_vae(tmp_path / "a.safetensors", like, CPU)
        assert type(read) is kind
        latents = torch.randn(1, read.channels, 4, 4)
        with torch.inference_mode():
            assert torch.equal(read.decode(latents), kind(other.eval()).decode(latents))


def test_files_that_cannot_be_used(model, weights, tmp_path):
    for name in ("cut.safetensors", "cut.pt"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(UserError, match=name):
            read_vae(tmp_path / name, model.own_autoencoder, CPU)
    save_file({"unet.x": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="holds no autoencoder"):
        read_vae(tmp_path / "other.safetensors", model.own_autoencoder, CPU)
    wide = {name: torch.cat([one, one]) for name, one in weights.items()}
    save_file(wide, tmp_path / "wide.safetensors")
    with pytest.raises(UserError, match="wide.safetensors"):
        read_vae(tmp_path / "wide.safetensors", model.own_autoencoder, CPU)


class Own:
    """Stands for an autoencoder."""


class Owner:
    """A model that only has an autoencoder."""

    def __init__(self, path: Path) -> None:
        self.info = ModelInfo(id=path.stem, path=str(path), format="safetensors")
        self.device = CPU
        self.own_autoencoder: Any = Own()
        self.used: object = None

    def use_autoencoder(self, autoencoder):
        self.used = autoencoder


@pytest.fixture
def folder(tmp_path, weights):
    names = ("vae/Sharp.safetensors", "vae/photo.safetensors", "checkpoints/anime.vae.safetensors")
    for name in (*names, "vae/anime.safetensors"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        save_file(names_of(weights, "ldm"), path)
    return tmp_path


@pytest.fixture
def vaes(folder, monkeypatch):
    monkeypatch.setattr(module, "read_vae", lambda path, like, device: path)
    return Vaes(Catalog([folder], folder / "none", folder / "index.sqlite"))


@pytest.mark.parametrize(
    ("model", "wanted", "file"),
    [
        ("photo", None, "vae/photo.safetensors"),
        ("photo", "Automatic", "vae/photo.safetensors"),
        ("Photo", None, "vae/photo.safetensors"),
        ("anime", None, "checkpoints/anime.vae.safetensors"),
        ("photo", "None", None),
        ("other", None, None),
        ("photography", None, None),
        ("photo", "sharp", "vae/Sharp.safetensors"),
        ("photo", "Sharp.safetensors", "vae/Sharp.safetensors"),
    ],
)
def test_which_is_used(vaes, folder, model, wanted, file):
    owner = Owner(folder / "checkpoints" / f"{model}.safetensors")
    vaes.use(owner, wanted)
    assert owner.used == (folder / file if file else owner.own_autoencoder)
    values = vaes.values(owner.info)
    if file:
        short = hashlib.sha256((folder / file).read_bytes()).hexdigest()[:10]
        assert values == {"VAE": Path(file).name, "VAE hash": short}
    else:
        assert values == {}


def test_the_models_own_comes_back(vaes, folder):
    owner = Owner(folder / "checkpoints" / "other.safetensors")
    vaes.use(owner, "Sharp")
    with pytest.raises(UnknownId, match="no VAE “shrap”"):
        vaes.use(owner, "shrap")
    vaes.use(owner, None)
    assert owner.used is owner.own_autoencoder and vaes.values(owner.info) == {}


def test_a_file_is_read_once_until_it_changes(folder, monkeypatch, weights):
    read = []
    monkeypatch.setattr(
        module, "read_vae", lambda path, like, device: read.append(path.stem) or path
    )
    vaes = Vaes(Catalog([folder], folder / "none", folder / "index.sqlite"))
    owner = Owner(folder / "checkpoints" / "other.safetensors")
    for name in ("Sharp", "Sharp", "photo", "photo"):
        vaes.use(owner, name)
    assert read == ["Sharp", "photo"]
    save_file({**names_of(weights, "ldm"), "more": torch.ones(1)}, folder / "vae/photo.safetensors")
    vaes.use(owner, "photo")
    vaes.use(Owner(folder / "checkpoints" / "another.safetensors"), "photo")
    assert read == ["Sharp", "photo", "photo", "photo"]


def test_a_models_pictures_are_decoded_with_it(model, weights, tmp_path):
    save_file(names_of(weights, "ldm"), tmp_path / "a.safetensors")
    other = read_vae(tmp_path / "a.safetensors", model.own_autoencoder, CPU)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    plain = model.decode(latents)
    model.use_autoencoder(other)
    assert not torch.allclose(model.decode(latents), plain)
    assert torch.equal(model.encode(plain), other.encode(plain))
    model.use_autoencoder(model.own_autoencoder)
    assert torch.equal(model.decode(latents), plain)
