"""Detectors from files: what the package does beside opening, and files of other machines."""

from __future__ import annotations

import argparse
import pickle
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.extensions.control import module

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2, dtype=torch.float16)}


class Detector:
    """Opens a file as most of the package do: where it was saved, and only weights."""

    def __init__(self, held: Any) -> None:
        self.held = held

    @classmethod
    def from_pretrained(cls, folder: str, filename: str) -> Detector:
        return cls(torch.load(Path(folder) / filename))


def opened(kind: Any, path: Path) -> Any:
    return module("opening").opened(kind, {"filename": path})


def saved_elsewhere(path: Path, held: Any, zipped: bool = True) -> Path:
    """As a machine with a graphics card saves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        torch.save(held, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_a_machine_with_other_devices_are_opened(tmp_path: Path, zipped: bool) -> None:
    path = saved_elsewhere(tmp_path / "net.pth", {"state_dict": WEIGHTS}, zipped)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA device"):
            torch.load(path)
    held = opened(Detector, path).held["state_dict"]
    assert {name: one.device.type for name, one in held.items()} == {"a": "cpu", "b": "cpu"}
    assert all(torch.equal(held[name], one) for name, one in WEIGHTS.items())


def test_what_trainers_save_beside_the_weights_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    beside = {"args": argparse.Namespace(lr=1), "best": np.float64(3), "epoch": 4, "names": [1]}
    torch.save({"model": {"module.a": WEIGHTS["a"]}, "optimizer": {0: 1}, **beside}, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)
    held = opened(Detector, path).held
    assert torch.equal(held["model"]["module.a"], WEIGHTS["a"])
    assert not set(held) & set(beside)


class Harmful:
    """A pickle of it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.write_text, (self.path, "was run")


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    path, written = tmp_path / "net.pth", tmp_path / "written"
    torch.save({"a": WEIGHTS["a"], "b": Harmful(written)}, path)
    assert set(opened(Detector, path).held) == {"a"}
    assert not written.exists()


def test_a_damaged_file_is_an_error_as_before(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(b"no pickle at all")
    with pytest.raises((pickle.UnpicklingError, RuntimeError, EOFError)):
        opened(Detector, path)


class Meddling(Detector):
    """Reads the command line, changes a setting, prints and warns."""

    @classmethod
    def from_pretrained(cls, folder: str, filename: str) -> Meddling:
        parser = argparse.ArgumentParser()
        for name in ("--dataroot", "--data_dir"):
            parser.add_argument(name)
        torch.backends.cudnn.benchmark = True
        warnings.warn("an old name", DeprecationWarning, stacklevel=1)
        print("Done.")
        return cls(parser.parse_known_args())


def test_the_rest_of_the_program_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["process", "--data", "folder"]  # of the worker: to the parser above not clear
    monkeypatch.setattr(sys, "argv", line)
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        opened(Meddling, tmp_path / "net.pth")
        assert torch.backends.cudnn.benchmark is False
    finally:
        torch.backends.cudnn.benchmark = before
    assert sys.argv is line
    assert capsys.readouterr().out == ""


class Lenient(Detector):
    """Goes on with random weights, as ZoeDepth does."""

    @classmethod
    def from_pretrained(cls, folder: str, filename: str) -> Lenient:
        print("Warning: Standard model loading failed: \n\tMissing key(s) in state_dict: ...")
        return cls(None)


def test_weights_that_are_missing_are_no_weights(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="missing"):
        opened(Lenient, tmp_path / "net.pth")


class Parting(Detector):
    """Finds parts; paints them as the package does: in other colours every time."""

    @classmethod
    def from_pretrained(cls, folder: str, filename: str) -> Parting:
        return cls(None)

    def show_anns(self, anns: Any) -> Any:
        raise AssertionError("not asked")


def test_parts_have_the_same_colours_each_time_and_small_ones_lie_on_top(tmp_path: Path) -> None:
    large, small = np.ones((4, 5), bool), np.zeros((4, 5), bool)
    small[1, 1] = True
    parts = [{"segmentation": one, "area": one.sum()} for one in (small, large)]
    detector = opened(Parting, tmp_path / "net.pth")
    first, again = detector.show_anns(parts), detector.show_anns(parts)
    assert (first == again).all() and first.shape == (4, 5, 3)
    assert len(np.unique(first.reshape(-1, 3), axis=0)) == 2
    assert (first[1, 1] != first[0, 0]).any()
    assert not detector.show_anns([]).any()


def test_it_leaves_the_device_when_its_map_is_made_or_none_came_of_it() -> None:
    class Moved:
        def __init__(self) -> None:
            self.places: list[str] = []

        def to(self, device: str) -> None:
            self.places.append(device)

    network = Moved()
    parts = SimpleNamespace(predictor=SimpleNamespace(model=network))
    placed = module("opening").placed
    for detector in (network, SimpleNamespace(mask_generator=parts)):
        network.places.clear()
        with pytest.raises(LookupError), placed(detector, "meta"):
            assert network.places == ["meta"]
            raise LookupError
        assert network.places == ["meta", "cpu"]
