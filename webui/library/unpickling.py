"""What tensors a file of torch's holds and where their numbers lie, read without torch.

A pickle is a list of instructions that may call anything. Here nothing that it names is ever
imported: tensors and what holds them become descriptions, everything else becomes a thing that
takes whatever it is given, keeps it and does nothing.

Where a whole network was pickled, as ultralytics does it, its tensors go by the names that its
`state_dict` would have, and `metadata` tells what it is made of (see `NETWORK`).

Two layouts: a zip with `NAME/data.pkl` and each storage in a file of its own (`NAME/data/KEY`,
since torch 1.6), or pickles one after the other, then each storage after how many numbers it has.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, BinaryIO, cast

from webui.library.header import BYTES, Header, Shape

LONGEST = 64_000_000
"""Bytes of a pickle; those of the largest models have some millions."""
_OLD_PICKLES = 3
"""Before the one that says what was saved: a mark, the protocol, the system."""
_ZIP = b"PK"
_LOCAL = struct.Struct("<26xHH")
"""The head of a file in a zip: ends with the lengths of its name and of what else is said."""
_COUNT = struct.Struct("<q")
_INNER = ("state_dict",)
"""Under which names trainers put the weights beside other things."""
NETWORK = "network"
"""In a header's metadata: a network that was pickled whole, as JSON. A part is {"kind": name of its
class, "values": plain attributes, "parts": name -> part}."""
_NETWORKS = ("ema", "model")
"""Under which names it lies, the better one first."""
_MOST_PARTS = 20_000
_DEEPEST = 60
_LONGEST_VALUE = 2000
"""Entries of an attribute, or letters."""

_TYPES: Mapping[str, str] = {
    **{"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16"},
    **{"BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32"},
    **{"ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL"},
    **{"UntypedStorage": "U8", "float64": "F64", "float32": "F32", "float16": "F16"},
    **{"bfloat16": "BF16", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"},
    **{"int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8"},
    **{"bool": "BOOL", "half": "F16", "float": "F32"},
}
"""Names in `torch` of storages and types -> the type, see `header`."""


_WRONG = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError),
    *(
        MemoryError,
        StopIteration,
        pickle.UnpicklingError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
    ),
)
"""What reading a damaged file raises, depending on where."""


class Broken(ValueError):
    """It is no file of torch's, or a damaged one."""


@dataclass(frozen=True)
class _Type:
    name: str


@dataclass(frozen=True)
class _Storage:
    """Numbers in a row.

    Attributes:
        start: where in them a part begins that goes by a name of its own.
    """

    kind: str
    key: str
    count: int
    start: int = 0


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    start: int
    shape: Shape
    stride: Shape


class _Nothing:
    """Stands for whatever a file asks for beside weights.

    Attributes:
        kind: name of its class.
        state: its attributes, if the file tells them.
    """

    kind = ""
    state: object = None

    def __new__(cls, *args: object, **kwargs: object) -> _Nothing:
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None: ...

    def __call__(self, *args: object, **kwargs: object) -> _Nothing:
        return _Nothing()

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, value: object) -> None: ...

    def extend(self, values: object) -> None: ...

    def add(self, value: object) -> None: ...


class _Reader(pickle._Unpickler):  # pyright: ignore[reportPrivateUsage]
    """The one in Python: the other one makes as much room as a damaged file asks for."""

    def find_class(self, module: str, name: str) -> Any:
        if module in ("torch", "torch.storage", "torch.cuda") and name in _TYPES:
            return _Type(_TYPES[name])
        if module == "collections" and name == "OrderedDict":
            return OrderedDict
        if module == "torch._utils" and name in _MAKERS:
            return _MAKERS[name]
        return type(name, (_Nothing,), {"kind": name})

    def persistent_load(self, pid: Any) -> Any:
        mark, kind, key, _place, count, *view = pid
        if mark != "storage" or not isinstance(kind, _Type) or count < 0:
            raise Broken(pid)
        storage = _Storage(kind.name, str(key), int(count))
        part = view[0] if view else None
        return replace(storage, start=int(part[1])) if part else storage


def _tensor(storage: Any, start: Any, shape: Any, stride: Any, *more: object) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise Broken(storage)
    sides = tuple(map(int, shape)), tuple(map(int, stride))
    if min((start, *sides[0], *sides[1])) < 0 or len(sides[0]) != len(sides[1]):
        raise Broken(sides)
    return _Tensor(storage, int(start), *sides)


def _typed(
    storage: Any, start: Any, shape: Any, stride: Any, grad: Any, hooks: Any, kind: Any, *more: Any
) -> _Tensor:
    if not isinstance(kind, _Type):
        raise Broken(kind)
    return _tensor(replace(storage, kind=kind.name), start, shape, stride)


def _parameter(data: Any, *more: object) -> Any:
    return data


_MAKERS: Mapping[str, Callable[..., Any]] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_tensor_v3": _typed,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
}


def read_tensors(file: BinaryIO) -> tuple[Header, int]:
    """What tensors a file holds, those of its `state_dict` if it has one, and its least length.

    Raises:
        Broken: it is no file of torch's, or damaged.
    """
    start = file.read(len(_ZIP))
    file.seek(0)
    try:
        held, places = _in_zip(file) if start == _ZIP else _in_row(file)
        network = _network(held)
        if network is None:
            return _header(_named(held), places)
        parts = _Parts()
        drawn = parts.of(network, "")
        header, end = _header(parts.tensors, places)
        return replace(header, metadata={NETWORK: json.dumps(drawn)}), end
    except _WRONG as error:
        raise Broken(str(error)) from error


def _in_zip(file: BinaryIO) -> tuple[object, Mapping[str, int]]:
    """What was saved, and where the storages begin."""
    with zipfile.ZipFile(file) as archive:
        table = next(one for one in archive.namelist() if one.split("/")[-1] == "data.pkl")
        if archive.getinfo(table).file_size > LONGEST:
            raise Broken("too long")
        held: object = _Reader(io.BytesIO(archive.read(table))).load()
        folder = f"{table.removesuffix('data.pkl')}data/"
        places: dict[str, int] = {}
        for info in archive.infolist():
            if info.filename.startswith(folder):
                if info.compress_type != zipfile.ZIP_STORED:
                    raise Broken("compressed")
                places[info.filename.removeprefix(folder)] = _begin(file, info)
        return held, places


def _begin(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    file.seek(info.header_offset)
    name, more = _LOCAL.unpack(file.read(_LOCAL.size))
    return info.header_offset + _LOCAL.size + name + more


def _in_row(file: BinaryIO) -> tuple[object, Mapping[str, int]]:
    for _ in range(_OLD_PICKLES):
        _Reader(file).load()
    reader = _Sizes(file)
    held: object = reader.load()
    keys: Any = _Reader(file).load()
    places: dict[str, int] = {}
    for key in keys:
        (count,) = _COUNT.unpack(file.read(_COUNT.size))
        places[str(key)] = file.tell()
        file.seek(count * reader.sizes[str(key)], io.SEEK_CUR)
    return held, places


class _Sizes(_Reader):
    """Knows how many bytes a number of each storage has."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.sizes: dict[str, int] = {}

    def persistent_load(self, pid: Any) -> Any:
        storage = super().persistent_load(pid)
        self.sizes[storage.key] = BYTES[storage.kind]
        return storage


def _named(held: object) -> Mapping[str, _Tensor]:
    """The tensors by name; where there are only groups of them, by the group's name, too."""
    top = _group(held)
    inner = next((_group(top[name]) for name in _INNER if _group(top.get(name))), top)
    found = {str(name): one for name, one in inner.items() if isinstance(one, _Tensor)}
    return found or {
        f"{name}.{own}": one
        for name, value in inner.items()
        for own, one in _group(value).items()
        if isinstance(one, _Tensor)
    }


def _network(held: object) -> _Nothing | None:
    """A network that was saved whole, beside other things."""
    top = _group(held)
    found = (one for name in _NETWORKS if isinstance(one := top.get(name), _Nothing))
    return next((one for one in found if "_modules" in _group(one.state)), None)


class _Parts:
    """The parts of a network, and its tensors by the names that they have in it."""

    def __init__(self) -> None:
        self.tensors: dict[str, _Tensor] = {}
        self._left = _MOST_PARTS

    def of(self, part: _Nothing, name: str) -> dict[str, object]:
        """What a part is, and all within.

        Raises:
            Broken: there are more of them than any network has.
        """
        self._left -= 1
        if self._left < 0 or name.count(".") > _DEEPEST:
            raise Broken("too many parts")
        state = _group(part.state)
        for group in ("_parameters", "_buffers"):
            held = _group(state.get(group)).items()
            self.tensors |= {f"{name}{one}": to for one, to in held if isinstance(to, _Tensor)}
        inner = _group(state.get("_modules")).items()
        return {
            "kind": part.kind,
            "values": dict(_values(state)),
            "parts": {
                str(one): self.of(to, f"{name}{one}.")
                for one, to in inner
                if isinstance(to, _Nothing)
            },
        }


def _values(state: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    """Attributes that JSON can hold, without a part's own affairs."""
    for name, value in state.items():
        if not isinstance(name, str) or name.startswith("_"):
            continue
        several = _several(value)
        if len(several) <= _LONGEST_VALUE and all(map(_is_plain, several)):
            yield name, value


def _several(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[object, object]", value).values())
    return list(cast("list[object]", value)) if isinstance(value, (list, tuple)) else [value]


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_VALUE
    return value is None or isinstance(value, (bool, int, float))


def _group(value: object) -> dict[object, object]:
    return cast("dict[object, object]", value) if isinstance(value, dict) else {}


def _header(tensors: Mapping[str, _Tensor], places: Mapping[str, int]) -> tuple[Header, int]:
    shapes = {name: one.shape for name, one in tensors.items()}
    types = {name: one.storage.kind for name, one in tensors.items()}
    strides = {name: one.stride for name, one in tensors.items() if not _in_rows(one)}
    sizes = {name: _size(one) for name, one in tensors.items()}
    offsets = {
        name: places[one.storage.key] + (one.storage.start + one.start) * BYTES[one.storage.kind]
        for name, one in tensors.items()
    }
    bytes: dict[str, int] = {}
    for name, kind in types.items():
        bytes[kind] = bytes.get(kind, 0) + sizes[name]
    dtype = max(bytes, key=lambda kind: bytes[kind], default="")
    end = max((offsets[name] + sizes[name] for name in tensors), default=0)
    return Header(shapes, sizes, {}, dtype, types, offsets, strides), end


def _in_rows(one: _Tensor) -> bool:
    """Whether its numbers lie row after row."""
    step = 1
    for side, stride in zip(reversed(one.shape), reversed(one.stride), strict=True):
        if side != 1 and stride != step:
            return False
        step *= side
    return True


def _size(one: _Tensor) -> int:
    """Bytes from its first number to its last."""
    if not prod(one.shape):
        return 0
    last = sum((side - 1) * step for side, step in zip(one.shape, one.stride, strict=True))
    return (last + 1) * BYTES[one.storage.kind]
