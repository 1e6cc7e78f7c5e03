import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.core.offers import ModelCard, ModelInfo
from webui.library.shelves import Sought, beside, candidates, missing

VAE = Sought("vae", "vae", "VAE", lambda header: header.shapes.get("x") == (3,), re.compile("xl"))


def info(path: Path, **parts: str) -> ModelInfo:
    return ModelInfo(id="m", path=str(path), format="safetensors", card=ModelCard(parts=parts))


def put(path: Path, size: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {"x": torch.zeros(size)}
    if path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    return path


@pytest.fixture
def model(tmp_path) -> Path:
    return put(tmp_path / "models" / "diffusion_models" / "deep" / "m.safetensors")


def test_the_nearest_that_fits_and_the_better_format(tmp_path, model):
    assert beside(info(model), VAE) is None
    far = put(tmp_path / "vae" / "a.safetensors")
    assert beside(info(model), VAE) == far
    put(tmp_path / "models" / "vae" / "a.safetensors", 4)
    torch_file = put(tmp_path / "models" / "VAE" / "sub" / "a.pt")
    assert beside(info(model), VAE) == torch_file
    near = put(tmp_path / "models" / "VAE" / "sub" / "b.safetensors")
    assert beside(info(model), VAE) == near
    (tmp_path / "models" / "VAE" / "a.safetensors").write_bytes(b"damaged")
    assert beside(info(model), VAE) == near
    assert len(list(candidates(info(model), "vae"))) == 5


def test_in_other_folders_of_models_and_last_in_those_of_any_kind(tmp_path, model):
    comfy, loose = tmp_path / "ComfyUI", tmp_path / "loose"
    known = info(model).model_copy(update={"folders": (str(loose), str(comfy))})
    assert beside(known, VAE) is None
    last = put(loose / "a.safetensors")
    assert beside(known, VAE) == last
    other = put(comfy / "models" / "vae" / "z.safetensors")
    assert beside(known, VAE) == other
    assert Path(str(missing(known, VAE).problem.values["folder"])) == other.parent
    near = put(tmp_path / "models" / "vae" / "z.safetensors")
    assert beside(known, VAE) == near
    files = list(candidates(known, "vae"))
    assert len(files) == len(set(files)) == 3


def test_names_of_others_are_passed_over_unless_the_card_says_so(tmp_path, model):
    xl = put(tmp_path / "models" / "vae" / "sdxl_vae.safetensors")
    assert beside(info(model), VAE) is None
    assert beside(info(model, vae="sdxl_vae"), VAE) == xl
    assert beside(info(model, vae="absent"), VAE) is None
    xl.write_bytes(b"damaged")
    with pytest.raises(UserError, match="sdxl_vae"):
        beside(info(model, vae="sdxl_vae"), VAE)


def test_what_is_missing_is_told_with_its_place(tmp_path, model):
    said = missing(info(model), VAE).problem
    assert said.code == "model_companion_missing" and said.values["what"] == "VAE"
    assert Path(str(said.values["folder"])) == model.parent / "vae"
    folder = put(tmp_path / "models" / "VAE" / "a.safetensors").parent
    assert Path(str(missing(info(model), VAE).problem.values["folder"])) == folder
