"""Which files are IP-Adapters that can be read."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.extensions.control import loaded
from webui.cli.words import worded
from webui.core.errors import UserError
from webui.core.participants import ModelFile


@pytest.mark.parametrize("more", [{}, {"perceiver_resampler.proj_in.weight": (4, 4)}])
def test_those_of_faceid_are_refused_by_name(tmp_path: Path, more: dict[str, tuple[int, ...]]):
    """They read what InsightFace says of a face, not what CLIP says of a picture."""
    projection = {"proj.0.weight": (4, 4), "proj.2.weight": (4, 4), "norm.weight": (4,), **more}
    names = {f"image_proj.{name}": shape for name, shape in projection.items()}
    names["ip_adapter.1.to_k_ip.weight"] = (4, 4)
    path = tmp_path / "faceid.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in names.items()}, path)
    loaded()
    reading = importlib.import_module("easel_extensions.ip_adapter.reading")
    with pytest.raises(UserError, match="faceid is an IP-Adapter of FaceID") as raised:
        reading.read_adapter(ModelFile("faceid", path, "safetensors"), None)
    assert "faceid to IP-Adapter FaceID" in worded(raised.value.problem, "pl")
