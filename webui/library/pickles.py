"""Files that torch wrote by pickling, looked at without opening them: what is in them, and is it
only weights. Nothing in them is run: the opcodes are read one by one, as `pickletools` does.

Two layouts: a zip with `NAME/data.pkl` and the numbers beside it (since torch 1.6), or pickles
one after the other and then the numbers.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from webui.core.errors import UserError
from webui.library.header import Header, check_length
from webui.library.unpickling import LONGEST, read_tensors

PICKLES = (".ckpt", ".pt", ".pth", ".bin")
"""Endings of files that torch wrote."""
_MOST_OPCODES = 2_000_000
_MOST_NAMES = 20_000
_LONGEST_NAME = 300
_OLD_PICKLES = 4
"""Of a file of the old layout: a mark, the protocol, the system, and what was saved."""
_OLD_MARK = 0x1950A86A20F9469CFC6C
_ZIP = b"PK"

_HARMLESS = {
    "_codecs encode",
    "collections OrderedDict",
    "collections defaultdict",
    "numpy dtype",
    "numpy ndarray",
    "torch Size",
    "torch Tensor",
    "torch device",
    "torch.nn.parameter Parameter",
    "torch.serialization _get_layout",
    *(
        f"{module} {name}"
        for module in ("numpy.core.multiarray", "numpy._core.multiarray")
        for name in ("_reconstruct", "scalar")
    ),
    *(f"{module} {name}" for module in ("__builtin__", "builtins") for name in ("set", "dict")),
}
_HARMLESS_STARTS = ("torch._utils _rebuild_", "torch._tensor _rebuild_")
_WHOLE = ("ultralytics.",)
"""Begins of the classes of networks that are saved whole; here nothing is made of them, and what
they are made of is read as a description (see `unpickling`)."""
_OF_WHOLE = (*_WHOLE, "torch.nn.modules.", "types.SimpleNamespace", "pathlib.")
"""What such files ask for beside weights."""
_NEVER_MADE = ("pytorch_lightning.", "lightning.")
"""Begins of what trainers leave beside the weights; here nothing is made of it."""
_STORAGES = ("torch", "torch.storage", "torch.cuda")
"""Modules whose `…Storage` holds numbers."""
_TYPES = (
    *("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
    *("int64", "int32", "int16", "int8", "uint8", "bool", "half", "float"),
)


@dataclass(frozen=True)
class Pickled:
    """What a file holds.

    Attributes:
        names: texts in it, among them the names of its weights.
        foreign: the first function or class that it asks for and that is none of weights.
        header: of its tensors; empty if something is foreign.
    """

    names: tuple[str, ...]
    foreign: str | None
    header: Header


def read_pickle(path: Path, shown: str) -> Pickled:
    """Look into a file.

    Args:
        shown: how errors name it.

    Raises:
        UserError: it cannot be read, is cut off, or no file of torch's.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            old = file.read(len(_ZIP)) != _ZIP
            file.seek(0)
            pickles = _pickles_in_row(file) if old else _pickle_in_zip(file)
            names, foreign = _told(pickles)
            if foreign is not None:
                return Pickled(names, foreign, Header({}, {}, {}))
            file.seek(0)
            header, end = read_tensors(file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", file=shown, reason=reason) from error
    except (ValueError, zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise UserError("model_damaged", file=shown) from error
    check_length(shown, size, end)
    return Pickled(names, None, header)


def pickle_header(path: Path, shown: str) -> Header:
    """The tensors in a file that holds nothing but weights.

    Raises:
        UserError: as `read_pickle` does; or it asks for something else.
    """
    pickled = read_pickle(path, shown)
    if pickled.foreign is not None:
        raise UserError("model_pickle_foreign", file=shown, name=pickled.foreign[:100])
    return pickled.header


Opcode = tuple[str, object]


def _pickle_in_zip(file: BinaryIO) -> Iterator[Opcode]:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.split("/")[-1] == "data.pkl"]
        if not names:
            raise ValueError("no data.pkl")
        if archive.getinfo(names[0]).file_size > LONGEST:
            raise ValueError("too long")
        yield from _opcodes(io.BytesIO(archive.read(names[0])))


def _pickles_in_row(file: BinaryIO) -> Iterator[Opcode]:
    for number in range(_OLD_PICKLES):
        for opcode in _opcodes(file):
            if number == 0 and opcode[0].startswith("LONG") and opcode[1] != _OLD_MARK:
                raise ValueError("not torch's")
            if number == _OLD_PICKLES - 1:
                yield opcode
            elif number == 0 and opcode[0] not in ("PROTO", "FRAME", "LONG1", "STOP"):
                raise ValueError("not torch's")


def _opcodes(file: BinaryIO) -> Iterator[Opcode]:
    found = ((opcode.name, value) for opcode, value, _ in pickletools.genops(file))
    yield from islice(found, _MOST_OPCODES)


def _told(opcodes: Iterator[Opcode]) -> tuple[tuple[str, ...], str | None]:
    names: dict[str, None] = {}
    asked: list[str] = []
    texts = _Texts()
    for name, value in opcodes:
        texts.see(name, value)
        if name == "GLOBAL":
            asked.append(str(value))
        elif name == "STACK_GLOBAL":
            asked.append(" ".join(texts.last))
        elif name in ("INST", "EXT1", "EXT2", "EXT4"):
            asked.append(f"{value} ")
        elif isinstance(value, str) and "UNICODE" in name and len(names) < _MOST_NAMES:
            names[value[:_LONGEST_NAME]] = None
    foreign = [found for one in dict.fromkeys(asked) if (found := _foreign(one))]
    if any(one.startswith(_WHOLE) for one in foreign):
        foreign = [one for one in foreign if not one.startswith(_OF_WHOLE)]
    return tuple(names), next(iter(foreign), None)


class _Texts:
    """The last two texts on the stack, which an opcode without a value of its own asks for."""

    def __init__(self) -> None:
        self.last: tuple[str, str] = ("", "")
        self._top = ""
        self._memo: dict[object, str] = {}

    def see(self, name: str, value: object) -> None:
        """One opcode after the other."""
        if name == "MEMOIZE":
            self._memo[len(self._memo)] = self._top
        elif "PUT" in name:
            self._memo[value] = self._top
        elif "GET" in name:
            self._push(self._memo.get(value, ""))
        elif isinstance(value, str) and "UNICODE" in name:
            self._push(value)
        else:
            self._top = ""

    def _push(self, text: str) -> None:
        self._top = text
        self.last = (self.last[1], text)


def _foreign(asked: str) -> str | None:
    """What it asks for, `module name`, unless weights need it."""
    module, _, name = asked.partition(" ")
    storage = module in _STORAGES and name.endswith("Storage")
    number = module == "torch" and name in _TYPES
    if module.startswith(_NEVER_MADE):
        return None
    if storage or number or asked in _HARMLESS or asked.startswith(_HARMLESS_STARTS):
        return None
    return f"{module}.{name}".strip(". ")
