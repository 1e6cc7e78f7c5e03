"""Where an animation stands between two generated frames; kept in a file, so that a kill costs one.

What is made from a state is the same every time: whoever goes on from the file makes the same
frames as one who was never stopped.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.core.files import explained, write_atomically
from webui.motion.tween import Held

Array = npt.NDArray[Any]
_FILE = "state.npz"
_BEFORE = "before.npz"
_LAST = "last.npz"
_MOST_BYTES = 512 * 2**20
"""Of the last states of all animations that are finished."""
_VERSION = 2


@dataclass(frozen=True)
class Mark:
    """What a kept state belongs to.

    Attributes:
        request: of everything that the frames come from.
        form: of what a state looks like; one of another request, but of this form, can be gone on
            from as well.
    """

    request: str
    form: str = ""


@dataclass(frozen=True)
class State:
    """What the next generated frame is made from.

    Attributes:
        made: how many frames have been generated.
        picture: the last of them, (H, W, 3): whole levels or with fractions, as its mode works.
        reference: what colours are matched to.
        previous, following: Deforum's pictures between which frames are filled in.
        frame: number of the one that was generated last; where none is moved on, that of a mode
            in which each stands alone, it is None.
    """

    made: int = 0
    picture: Array | None = None
    reference: Array | None = None
    previous: Held | None = None
    following: Held | None = None
    frame: int | None = None

    def with_(self, **changes: Any) -> State:
        return replace(self, **changes)


@dataclass(frozen=True)
class Kept:
    """A state, and what it belongs to."""

    state: State
    mark: Mark


def save_state(folder: Path, state: State, mark: Mark) -> None:
    """Keep a state, and the one before; of one that has no room yet, nothing is lost.

    The one before serves where a frame is not saved after all, as its disk is full.

    Raises:
        UserError: it cannot be written.
    """
    arrays: dict[str, Array] = {}
    held: dict[str, int] = {}
    for name in ("picture", "reference"):
        if (value := getattr(state, name)) is not None:
            arrays[name] = value
    for name in ("previous", "following"):
        if (value := getattr(state, name)) is not None:
            arrays[name], held[name] = value.picture, value.frame
    head = {"version": _VERSION, "mark": asdict(mark), "held": held}
    head |= {"made": state.made, "frame": state.frame}
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    with explained(folder, _FILE):
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            os.replace(folder / _FILE, folder / _BEFORE)
    write_atomically(folder / _FILE, data.getvalue())


def kept_states(folder: Path) -> list[Kept]:
    """The states that were kept, whoever made them, the newest first; those that can be read."""
    found = (_read(folder / name) for name in (_FILE, _LAST, _BEFORE))
    return [one for one in found if one is not None]


def _read(path: Path) -> Kept | None:
    try:
        data = io.BytesIO(path.read_bytes())
        with np.load(data, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays.pop("head").tobytes())
        if head.get("version") != _VERSION:
            return None
        return Kept(_state(head, arrays), Mark(**head["mark"]))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError):
        return None


def finish_state(folder: Path, most: int = _MOST_BYTES) -> None:
    """The animation is finished: its last state alone stays, for others that go on from its end.

    most: bytes of all that were kept so, beside the folder; the oldest go.
    """
    with suppress(OSError):
        os.replace(folder / _FILE, folder / _LAST)
    for path in folder.glob("*"):
        if path.name != _LAST:
            path.unlink(missing_ok=True)
    kept = [(path.stat(), path.parent) for path in folder.parent.glob(f"*/{_LAST}")]
    for told, old in sorted(kept, key=lambda one: one[0].st_mtime_ns, reverse=True):
        most -= told.st_size
        if most < 0:
            forget_state(old)


def forget_state(folder: Path) -> None:
    """The folder goes, with what a kill may have left half written."""
    shutil.rmtree(folder, ignore_errors=True)


def _state(head: Mapping[str, Any], arrays: Mapping[str, Array]) -> State:
    held = {name: Held(arrays[name], int(frame)) for name, frame in head.get("held", {}).items()}
    return State(
        made=int(head["made"]),
        picture=arrays.get("picture"),
        reference=arrays.get("reference"),
        previous=held.get("previous"),
        following=held.get("following"),
        frame=head["frame"],
    )
