import numpy as np
import pytest
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from tests.tiny_flows import info_of, write_sd3
from webui.core.memory import Rung
from webui.models.families.generic import Generic
from webui.models.memory.pipelines import PipelinePlacement
from webui.models.memory.placement import Placeable, size_of
from webui.models.whole import Asked

CPU = torch.device("cpu")
ASKED = Asked("a red apple", "", 64, 64, 2, 3.0, 7)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = write_sd3(tmp_path_factory.mktemp("sd3") / "tiny")
    info = info_of(folder, "sd3").model_copy(update={"family": "diffusers"})
    return Generic().load(info, CPU, lambda *done: None)


def test_a_pipeline_knows_its_parts_and_draws_the_same_when_it_was_placed(model):
    assert isinstance(model, Placeable)
    sizes, pipe = model.placement.sizes(), model.placement._pipe
    assert sizes.network == size_of(pipe.transformer)
    assert sizes.vae == size_of(pipe.vae)
    assert sizes.longest == max(map(size_of, (pipe.text_encoder, pipe.text_encoder_3)))
    first = np.asarray(model.draw(ASKED, lambda *done: None))
    model.placement.use(Rung(place="device", tile=256), CPU)
    assert pipe.vae.use_tiling and model.placement.held() == 0
    assert (np.asarray(model.draw(ASKED, lambda *done: None)) == first).all()
    model.placement.park()
    assert not pipe.vae.use_tiling


def test_how_a_pipeline_moves_its_parts_is_its_own_affair(model, monkeypatch):
    """Its hooks work on other devices than the processor only: here is told which are asked for."""
    told: list[tuple[str, str]] = []
    for name in ("enable_model_cpu_offload", "enable_sequential_cpu_offload"):
        monkeypatch.setattr(
            DiffusionPipeline,
            name,
            lambda self, device, name=name: told.append((name, str(device))),
        )
    placement = PipelinePlacement(model.placement._pipe)
    for place in ("parts", "layers", "fp8", "cpu"):
        placement.use(Rung(place=place), torch.device("cuda"))
    assert told == [
        ("enable_model_cpu_offload", "cuda"),
        ("enable_sequential_cpu_offload", "cuda"),
        ("enable_sequential_cpu_offload", "cuda"),
    ]


def test_where_a_pipeline_cannot_be_moved_it_ends_in_the_machines_memory(model, monkeypatch):
    def full(self, device):
        raise torch.OutOfMemoryError

    placement = PipelinePlacement(model.placement._pipe)
    monkeypatch.setattr(DiffusionPipeline, "enable_model_cpu_offload", full)
    with pytest.raises(torch.OutOfMemoryError):
        placement.use(Rung(place="parts"), torch.device("cuda"))
    assert placement.rung == Rung(place="cpu")
