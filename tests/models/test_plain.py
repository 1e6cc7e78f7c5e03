"""What models of extensions begin with, and how they read their weights."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.models.adapters.reading import Adapter
from webui.models.family import LatentSpec
from webui.models.plain import PlainModel, read_weights
from webui.models.sigmas import SigmaTable

CPU = torch.device("cpu")


def test_it_fits_no_networks_and_keeps_its_autoencoder():
    levels = SigmaTable.scaled_linear()
    model = PlainModel(ModelInfo(id="a", path="a", format="x"), LatentSpec(4, 8, None), levels, CPU)
    assert model.sigmas is levels.sigmas and model.noise_levels(8, 8) is levels
    assert model.match(Adapter("fine", {("unet", "a"): {}})).unknown == (("unet", "a"),)  # pyright: ignore
    assert model.own_autoencoder is None and model.names_in(["a"], ["a"]) == frozenset()
    with model.running():
        assert torch.is_inference_mode_enabled()
    with pytest.raises(NotImplementedError):
        model.predict_x0(torch.zeros(1), 1.0, [])


def test_weights_of_a_file_with_their_progress(tmp_path):
    file = tmp_path / "a.safetensors"
    save_file({"x": torch.ones(2, 3, dtype=torch.float16), "y": torch.zeros(1)}, file)
    told: list[tuple[int, int]] = []
    read = read_weights(file, CPU, lambda done, total: told.append((done, total)))
    assert {name: tuple(one.shape) for name, one in read.items()} == {"x": (2, 3), "y": (1,)}
    assert read["x"].dtype == torch.float32 and told[-1] == (16, 16)
    file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(UserError, match=r"a\.safetensors"):
        read_weights(file, CPU)
