"""Detectors of controlnet_aux from files of weights, whatever the package does beside that.

It was written for other versions of its libraries, and for a program of its own. Found in 0.0.10:
LeReS takes the program's command line for its own and ends the program where it does not
understand it; ZoeDepth prints that weights are missing and goes on with random ones; six detectors
open files on the device where they were saved, which may not be there; Segment Anything paints
every time in other colours, and fails where it finds nothing. Since torch 2.6 files that hold more
than weights, as trainers save them, are refused.
"""

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np

Files = Mapping[str, Path]
"""Argument of a detector's `from_pretrained` -> file."""

_WEIGHTS = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
}
"""What a pickle of weights names; storages are made by torch itself."""
_NOTHING_FOUND = (64, 64)


def opened(kind: Any, files: Files) -> Any:
    """A detector, on the CPU.

    Args:
        kind: its class.

    Raises:
        RuntimeError, OSError, UnpicklingError, …: files are no weights, or those of another one.
    """
    try:
        return _from_files(_with_ours(kind), files)
    except (RuntimeError, pickle.UnpicklingError) as error:
        if not _is_of_elsewhere(error):
            raise
    with TemporaryDirectory() as folder:
        copies = {argument: plain_copy(path, Path(folder)) for argument, path in files.items()}
        return _from_files(_with_ours(kind), copies)


def _is_of_elsewhere(error: Exception) -> bool:
    """Whether the file only has to be read in another way: it names a device, or more classes."""
    return isinstance(error, pickle.UnpicklingError) or "deserialize" in str(error)


def _from_files(kind: Any, files: Files) -> Any:
    named = {argument: str(path) for argument, path in files.items()}
    with _alone() as printed:
        detector = kind.from_pretrained(str(next(iter(files.values())).parent), **named)
    if "Missing key(s)" in printed.getvalue():
        raise RuntimeError("weights are missing")
    return detector


@contextmanager
def _alone() -> Iterator[io.StringIO]:
    """No command line, nothing printed, no settings of torch left changed. Gives what it prints."""
    import torch

    line, benchmark = sys.argv, torch.backends.cudnn.benchmark
    sys.argv = line[:1]
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()) as printed:
            warnings.simplefilter("ignore")
            yield printed
    finally:
        sys.argv = line
        torch.backends.cudnn.benchmark = benchmark


def stoppable(check: Callable[[], None]) -> AbstractContextManager[object]:
    """Asks before each layer of a network that runs in it: a map may take minutes on a CPU.

    Args:
        check: raises to stop.
    """
    from torch.nn.modules.module import register_module_forward_pre_hook

    return register_module_forward_pre_hook(lambda *called: check())


@contextmanager
def placed(detector: Any, device: str) -> Iterator[None]:
    """On the device while it is in use, beside which models need the memory; then on the CPU."""
    # Segment Anything's cannot be moved as a whole
    parts: Any = getattr(detector, "mask_generator", None)
    network = detector if parts is None else parts.predictor.model
    network.to(device)
    try:
        yield
    finally:
        network.to("cpu")


def plain_copy(path: Path, folder: Path) -> Path:
    """A copy that holds tensors alone, on the CPU. Nothing of the file is run.

    Raises:
        RuntimeError, OSError, UnpicklingError, …: it is no file that torch wrote.
    """
    import torch

    reader = SimpleNamespace(__name__="pickle", Unpickler=_WeightsAlone, load=_loaded)
    # not `weights_only`: that refuses the whole file for one thing that is none. What a pickle may
    # do is up to its reader's `find_class`, and ours knows how tensors are made, and nothing else.
    held = torch.load(path, map_location="cpu", weights_only=False, pickle_module=reader)
    copy = folder / path.name
    torch.save(_tensors_alone(held), copy)
    return copy


def _tensors_alone(held: Any) -> Any:
    from torch import Tensor

    if isinstance(held, Mapping):
        kept = {name: _tensors_alone(one) for name, one in held.items() if isinstance(name, str)}
        return {name: one for name, one in kept.items() if one is not None}
    return held if isinstance(held, Tensor) else None


class _WeightsAlone(pickle.Unpickler):
    """Makes tensors, and of everything else something that does nothing."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) in _WEIGHTS:
            return super().find_class(module_name, global_name)
        return _Nothing


def _loaded(file: Any, **how: Any) -> Any:
    return _WeightsAlone(file, **how).load()


class _Nothing:
    """Takes whatever a pickle gives it."""

    def __init__(self, *given: object, **named: object) -> None:
        pass

    def __call__(self, *given: object, **named: object) -> _Nothing:
        return self

    def __setstate__(self, state: object) -> None:
        pass

    def __setitem__(self, name: object, value: object) -> None:
        pass

    def append(self, value: object) -> None:
        pass

    def extend(self, values: object) -> None:
        pass


def _with_ours(kind: Any) -> Any:
    """The detector's class with what it lacks."""
    if hasattr(kind, "detect_poses"):
        return _keeping(kind)
    return _painting(kind) if hasattr(kind, "show_anns") else kind


def _keeping(kind: Any) -> Any:
    """The detector of poses with `poses`: what it found last. It draws none itself: hands need
    matplotlib, of which the package does not say that it needs it."""

    class Keeping(kind):
        poses: list[Any]

        def detect_poses(self, *args: Any, **named: Any) -> Any:
            self.poses = super().detect_poses(*args, **named)
            return []

    Keeping.poses = []
    return Keeping


def _painting(kind: Any) -> Any:
    """The detector of parts, with the same colours each time; black where it finds none."""

    class Painting(kind):
        def show_anns(self, anns: Any) -> Any:
            size = anns[0]["segmentation"].shape if anns else _NOTHING_FOUND
            painted = np.zeros((*size, 3), np.uint8)
            colours = np.random.default_rng(0).integers(0, 255, (len(anns), 3), np.uint8)
            largest_first = sorted(anns, key=lambda one: one["area"], reverse=True)
            for colour, one in zip(colours, largest_first, strict=True):
                painted[one["segmentation"]] = colour
            return painted

    return Painting
