from pathlib import Path

import pytest
import torch

from tests.models.adapters.makers import rand, write
from webui.core.errors import UnknownId, UserError
from webui.core.offers import ModelInfo
from webui.library.catalog import Catalog
from webui.models.adapters import joining as module
from webui.models.adapters.joining import Adapters
from webui.models.adapters.patches import Patches
from webui.prompt.networks import split_networks


class Model:
    """One layer."""

    def __init__(self, family: str | None = None) -> None:
        self.info = ModelInfo(id="model", path="", format="stub", family=family)
        self.unet = torch.nn.ModuleDict({"fc": torch.nn.Linear(3, 2)}).requires_grad_(False)
        self.patches = Patches({"unet": self.unet})
        self.joined = ()

    def match(self, adapter):
        return self.patches.match(adapter)

    def adapt(self, wanted):
        self.joined = tuple((one.adapter.name, one.text, one.unet, one.dyn) for one in wanted)
        self.patches.use(wanted)


@pytest.fixture
def folder(tmp_path):
    for name in ("One", "sub/two", "three"):
        path = tmp_path / "loras" / f"{name}.safetensors"
        notes = {"ss_output_name": "third"} if name == "three" else None
        write(path, {"lora_unet_fc.diff": rand(2, 3, seed=len(name))}, notes)
    return tmp_path


@pytest.fixture
def adapters(folder):
    return Adapters(Catalog([folder], folder / "none", folder / "index.sqlite"))


def tags(prompt: str):
    return split_networks(prompt)[1]


def test_tags_say_who_joins_and_how_strongly(adapters):
    model = Model()
    adapters.join(model, tags("<lora:one:0.5> <lora:two:te=0.25:dyn=3><lyco:third:1:-2> x"))
    assert model.joined == (
        ("one", 0.5, 0.5, None), ("two", 0.25, 0.25, 3), ("third", 1.0, -2.0, None),
    )  # fmt: skip
    adapters.join(model, ())
    assert model.joined == ()


@pytest.mark.parametrize("name", ["ONE", "sub/two", "two", "sub\\two", "one.safetensors"])
def test_names_that_mean_a_file(adapters, name):
    adapters.check(tags(f"<lora:{name}:1>"))


@pytest.mark.parametrize("name", ["../One", "/etc/passwd", "", " ", "x" * 500])
def test_names_that_mean_none(adapters, name):
    with pytest.raises(UnknownId) as error:
        adapters.check(tags(f"<lora:{name}:1>"))
    assert len(str(error.value)) < 300


def test_a_file_is_read_once_and_dropped_when_there_are_many(adapters, folder, monkeypatch):
    read, real = [], module.read_adapter
    monkeypatch.setattr(module, "read_adapter", lambda *both: read.append(both[1]) or real(*both))
    model, both = Model(), tags("<lora:one><lora:two>")
    for _ in range(3):
        adapters.join(model, both)
    assert read == ["one", "two"]
    monkeypatch.setattr(module, "KEPT", 30)
    adapters.join(model, tags("<lora:three>"))
    adapters.join(model, tags("<lora:three>"))
    assert read == ["one", "two", "three"]
    adapters.join(model, tags("<lora:one>"))
    assert read == ["one", "two", "three", "one"]


def test_a_refiner_leaves_out_what_is_not_for_it(adapters, folder):
    write(folder / "loras" / "apart.safetensors", {"lora_unet_x.diff": rand(2, 3)})
    model, networks = Model(), tags("<lora:one><lora:apart>")
    with pytest.raises(UserError, match="fits none"):
        adapters.join(model, networks)
    adapters.join(model, networks, all_fit=False)
    assert [name for name, *_ in model.joined] == ["one"]


def test_a_file_that_goes_away_while_it_is_wanted(adapters, folder):
    networks = tags("<lora:one>")
    adapters.check(networks)
    Path(folder / "loras" / "One.safetensors").unlink()
    with pytest.raises(UserError, match="one"):
        adapters.join(Model(), networks)
