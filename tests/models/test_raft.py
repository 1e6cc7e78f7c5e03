from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models.optical_flow import raft_large, raft_small

from webui.core.errors import UserError
from webui.models.raft import Raft

FIRST, SECOND = np.random.default_rng(4).integers(0, 256, (2, 136, 144, 3), np.uint8)


NETWORKS = {"raft_small": raft_small, "raft_large": raft_large}


def write_raft(path: Path) -> Path:
    """The network of the file's name with random weights, as torchvision builds it."""
    torch.manual_seed(2)
    weights = NETWORKS[path.stem](weights=None).state_dict()
    if path.suffix == ".safetensors":
        save_file({name: one.contiguous() for name, one in weights.items()}, path)
    else:
        torch.save(weights, path)
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_torchvision_s_own_network(tmp_path, name):
    path = write_raft(tmp_path / f"{name}.pth")
    path = path.rename(tmp_path / "any.pth")  # what is inside tells which it is
    model = NETWORKS[name](weights=None).eval()
    model.load_state_dict(torch.load(path, weights_only=True))
    pair = [
        torch.from_numpy(one.copy()).permute(2, 0, 1)[None] / 127.5 - 1 for one in (FIRST, SECOND)
    ]
    with torch.inference_mode():
        wanted = model(*pair)[-1][0].permute(1, 2, 0).numpy()
    found = Raft.open(path, "cpu").flow(FIRST, SECOND)
    assert found.shape == (136, 144, 2) and np.allclose(found, wanted, atol=1e-4)


def test_pictures_of_any_size_and_the_other_format(tmp_path):
    raft = Raft.open(write_raft(tmp_path / "raft_small.safetensors"), "cpu")
    flow = raft.flow(FIRST[:50, :61], SECOND[:50, :61])
    assert flow.shape == (50, 61, 2) and flow.dtype == np.float32 and np.isfinite(flow).all()


def test_what_is_none_is_named(tmp_path):
    (tmp_path / "raft.pth").write_bytes(b"nothing")
    with pytest.raises(UserError, match="raft.pth"):
        Raft.open(tmp_path / "raft.pth", "cpu")
    torch.save({"a": torch.ones(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="other.pth"):
        Raft.open(tmp_path / "other.pth", "cpu")
