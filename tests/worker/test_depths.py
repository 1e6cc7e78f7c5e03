from types import SimpleNamespace

import numpy as np

from tests.models.test_depth import write_depth
from tests.models.test_raft import write_raft
from tests.models.test_words import write_clipseg
from webui.models.depth import DepthEstimator
from webui.worker.depths import depth_seen, flow_seen, network, words_seen
from webui.worker.services import Keeper

LEVELS = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)


class Shelf:
    """Networks by their names; the folder of each holds one file of weights."""

    def __init__(self, **folders) -> None:
        self.there = [
            SimpleNamespace(name=name, path=str(folder / "model.safetensors"), problem=None)
            for name, folder in folders.items()
        ]

    def find(self, kind, name):
        return next((one for one in self.there if one.name == name), None)

    def entries(self, kind, *, limit):
        return SimpleNamespace(entries=self.there)


def test_without_a_network_there_is_no_depth():
    assert depth_seen(Shelf(), Keeper(), "cpu", "Midas-3-Hybrid", LEVELS, False) is None


def test_by_its_name_or_the_first_there_is(tmp_path):
    first, second = write_depth(tmp_path / "first"), write_depth(tmp_path / "second", "dpt")
    shelf = Shelf(first=first, second=second)
    assert network(shelf, "second").name == "second"
    assert network(shelf, "Midas-3-Hybrid").name == "first"
    shelf.there[0].problem = "cut off"
    assert network(shelf, "Zoe").name == "second"


def test_what_it_sees_and_is_loaded_once(tmp_path, monkeypatch):
    folder = write_depth(tmp_path / "net")
    loads = []
    real = DepthEstimator.open
    monkeypatch.setattr(DepthEstimator, "open", lambda *given: loads.append(given) or real(*given))
    shelf, keeper = Shelf(net=folder), Keeper()
    near = depth_seen(shelf, keeper, "cpu", "net", LEVELS, False)
    far = depth_seen(shelf, keeper, "cpu", "net", LEVELS, True)
    assert near.shape == LEVELS.shape[:2] and len(loads) == 1
    assert np.unravel_index(near.argmax(), near.shape) == np.unravel_index(far.argmin(), far.shape)


def test_words_are_found_by_a_clipseg_that_is_loaded_once(tmp_path, monkeypatch):
    assert words_seen(Shelf(), Keeper(), "cpu", "a cat", LEVELS) is None
    folder, keeper = write_clipseg(tmp_path / "seg"), Keeper()
    one = words_seen(Shelf(seg=folder), keeper, "cpu", "a cat", LEVELS)
    assert one.mode == "L" and one.size == (56, 40)
    monkeypatch.setattr("webui.models.words.WordFinder.open", None)
    again = words_seen(Shelf(seg=folder), keeper, "cpu", "a cat", LEVELS)
    assert again.tobytes() == one.tobytes()


def test_motion_is_seen_by_a_raft_whose_weights_are_there(tmp_path):
    assert flow_seen(Shelf(), Keeper(), "cpu", LEVELS, LEVELS) is None
    path = write_raft(tmp_path / "raft_small.pth")
    shelf = Shelf()
    shelf.there = [SimpleNamespace(name="raft_small", path=str(path), problem=None)]
    assert flow_seen(shelf, Keeper(), "cpu", LEVELS, LEVELS).shape == (40, 56, 2)
