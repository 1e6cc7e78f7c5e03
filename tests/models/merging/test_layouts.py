"""Folder and single file hold the same, to the bit; the file is what tests/ldm_layout writes, and
the folder what diffusers' own conversion makes of it."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.models.merging.makers import made
from tests.tiny import Tiny, write_tiny
from webui.core.errors import UserError
from webui.library.making import LAYOUT_FAMILIES as FAMILIES
from webui.library.recognition import LDM_PARTS
from webui.library.weights import part_files
from webui.models.checkpoint import CONFIGS
from webui.models.merging.layouts import as_folder, as_single, names_of, old_name
from webui.models.merging.mixing import plan_copy
from webui.models.merging.sources import open_source


@pytest.fixture(scope="module", params=FAMILIES)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return write_tiny(tmp_path_factory.mktemp(request.param), family=request.param)


def in_folder(tiny: Tiny) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for part in LDM_PARTS[tiny.family]:
        (file,) = part_files(tiny.folder, part)
        inside = "text_model." if part.startswith("text") else ""
        for name, one in load_file(file).items():
            plain = name.removeprefix("text_model.")
            whole = name if name.startswith("text_projection") else inside + plain
            found[f"{part}/{whole}"] = one
    return found


def same(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, one in wanted.items():
        assert found[name].dtype == one.dtype and torch.equal(found[name], one), name


def test_a_folder_as_a_file(tiny: Tiny):
    source = as_single(open_source(tiny.folder), tiny.family)
    found, wanted = made(list(plan_copy(source, None))), load_file(tiny.file)
    for name in [one for one in wanted if one.endswith("logit_scale")]:
        assert float(found.pop(name)) == pytest.approx(4.6052, abs=1e-4)
        wanted.pop(name)
    same(found, wanted)


def test_a_file_as_a_folder_and_back(tiny: Tiny):
    names = names_of(tiny.family, tiny.folder, 4)
    folder = as_folder(open_source(tiny.file), tiny.family, names)
    same(made(list(plan_copy(folder, None))), in_folder(tiny))
    again = as_single(folder, tiny.family)
    wanted = {n: one for n, one in load_file(tiny.file).items() if "logit_scale" not in n}
    found = made(list(plan_copy(again, None)))
    same({n: one for n, one in found.items() if "logit_scale" not in n}, wanted)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_weights_of_the_real_models_have_one_name(family: str):
    for part, names in names_of(family, CONFIGS / family, 4).items():
        prefix = LDM_PARTS[family][part]
        old = [old_name(part, prefix, name, names) for name in names]
        assert len(set(old)) == len(names) > 100
        assert all("_blocks.None" not in one.name for one in old)


def test_what_cannot_be_done_is_told(tmp_path: Path):
    tiny = write_tiny(tmp_path, family="sd2")
    for act in (as_single, lambda source, family: as_folder(source, family, {})):
        with pytest.raises(UserError) as caught:
            act(open_source(tiny.folder), "sd2")
        assert caught.value.problem.code == "convert_layout_family"
    half = open_source(write_tiny(tmp_path / "sd1").file)
    names = {**names_of("sd1", tmp_path / "sd1" / "tiny", 4), "vae": ["nothing.weight"]}
    with pytest.raises(UserError) as caught:
        as_folder(half, "sd1", names)
    assert caught.value.problem.values["part"] == "vae"
