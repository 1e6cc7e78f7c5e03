"""Where an animation stands between two generated frames; kept in a file, so that a kill costs one.

What is made from a state is the same every time: whoever goes on from the file makes the same
frames as one who was never stopped.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.core.files import write_atomically
from webui.motion.tween import Held

Array = npt.NDArray[Any]
_FILE = "state.npz"
_VERSION = 1


@dataclass(frozen=True)
class State:
    """What the next generated frame is made from.

    Attributes:
        made: how many frames have been generated.
        picture: the last of them, (H, W, 3): whole levels or with fractions, as its mode works.
        reference: what colours are matched to.
        previous, following: Deforum's pictures between which frames are filled in.
    """

    made: int = 0
    picture: Array | None = None
    reference: Array | None = None
    previous: Held | None = None
    following: Held | None = None

    def with_(self, **changes: Any) -> State:
        return replace(self, **changes)


def save_state(folder: Path, state: State, plan: str) -> None:
    """Keep a state, in place of the one before.

    Args:
        plan: marks what it belongs to; a state of another plan is not taken up again.

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
    head = {"version": _VERSION, "made": state.made, "plan": plan, "held": held}
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / _FILE, data.getvalue())


def load_state(folder: Path, plan: str) -> State:
    """The state that was kept, or that at the beginning."""
    try:
        data = io.BytesIO((folder / _FILE).read_bytes())
        with np.load(data, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(arrays.pop("head").tobytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return State()
    if head.get("version") != _VERSION or head.get("plan") != plan:
        return State()
    return _state(head, arrays)


def forget_state(folder: Path) -> None:
    """The animation is over: the folder goes, with what a kill may have left half written."""
    shutil.rmtree(folder, ignore_errors=True)


def _state(head: Mapping[str, Any], arrays: Mapping[str, Array]) -> State:
    held = {name: Held(arrays[name], int(frame)) for name, frame in head.get("held", {}).items()}
    return State(
        made=int(head["made"]),
        picture=arrays.get("picture"),
        reference=arrays.get("reference"),
        previous=held.get("previous"),
        following=held.get("following"),
    )
