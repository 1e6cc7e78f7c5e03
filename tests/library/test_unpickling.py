import io
import pickle
import struct
import sys
import types
from collections import OrderedDict, defaultdict

import pytest
import torch

from webui.library.unpickling import Broken, read_tensors
from webui.models.quants import decoded

SHARED = torch.arange(24.0)
TENSORS = {
    "plain": torch.randn(3, 4),
    "half": torch.randn(2, 3, 2, 2).half(),
    "brain": torch.randn(5).bfloat16(),
    "whole": torch.tensor([[1, -2]]),
    "one": torch.tensor(3.5),
    "none": torch.zeros(0, 3),
    "part of another": SHARED[4:10].view(2, 3),
    "turned": SHARED.view(4, 6).T,
    "steps": SHARED[::5],
    "a weight": torch.nn.Parameter(torch.ones(2, 2)),
}


def save(value: object, old: bool = False) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=not old)
    file.seek(0)
    return file


def read(file: io.BytesIO) -> dict[str, torch.Tensor]:
    header, end = read_tensors(file)
    data = file.getvalue()
    assert end <= len(data)
    found = {}
    for name, shape in header.shapes.items():
        begin = header.offsets[name]
        raw = torch.frombuffer(
            bytearray(data[begin : begin + header.sizes[name]] or b"\0"), dtype=torch.uint8
        )
        numbers = decoded(raw[: header.sizes[name]], header.types[name])
        strides = header.strides.get(name)
        found[name] = numbers.as_strided(shape, strides) if strides else numbers.view(shape)
    return found


def same(made: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert made.keys() == wanted.keys()
    for name, value in wanted.items():
        assert made[name].dtype == value.dtype and torch.equal(made[name], value.detach()), name


@pytest.mark.parametrize("old", [False, True])
def test_all_tensors_as_torch_reads_them(old):
    same(read(save(TENSORS, old)), TENSORS)


def test_numbers_of_8_bits():
    tensors = {
        "a": torch.randn(4).to(torch.float8_e4m3fn),
        "b": torch.ones(2).to(torch.float8_e5m2),
    }
    made = read(save(tensors))
    assert made["a"].dtype == torch.float8_e4m3fn
    assert torch.equal(made["a"].float(), tensors["a"].float())
    assert torch.equal(made["b"].float(), tensors["b"].float())


@pytest.mark.parametrize("old", [False, True])
def test_what_trainers_leave_beside_the_weights(old):
    weights = OrderedDict(TENSORS)
    weights._metadata = {"": {"version": 1}}
    more = {"epoch": 3, "lr": [0.1], "loops": defaultdict(list, {"a": [1]}), "optimizer": None}
    same(read(save({**more, "state_dict": weights, "other": {"x": torch.ones(1)}}, old)), TENSORS)


def test_tensors_in_groups():
    same(read(save({"params": {"a": torch.ones(1)}, "b": 2})), {"params.a": torch.ones(1)})
    same(read(save({"params": {"a": torch.ones(1)}, "b": torch.ones(2)})), {"b": torch.ones(2)})


def test_nothing_that_a_file_names_is_made(monkeypatch):
    made: list[str] = []

    class Callback:
        def __init__(self) -> None:
            made.append("made")

        def __setstate__(self, state: object) -> None:
            made.append("set")

    Callback.__module__, Callback.__qualname__ = "pytorch_lightning.callbacks", "Callback"
    module = types.ModuleType("pytorch_lightning.callbacks")
    monkeypatch.setattr(module, "Callback", Callback, raising=False)
    monkeypatch.setitem(sys.modules, "pytorch_lightning.callbacks", module)
    monkeypatch.setitem(sys.modules, "pytorch_lightning", types.ModuleType("pytorch_lightning"))
    value = Callback()
    value.best = 1
    made.clear()
    same(read(save({"callbacks": {value: [value]}, "a": torch.ones(1)})), {"a": torch.ones(1)})
    assert not made


def damaged(data: bytes) -> bool:
    try:
        _, end = read_tensors(io.BytesIO(data))
    except Broken:
        return True
    return end > len(data)


@pytest.mark.parametrize("old", [False, True])
def test_a_file_cut_off_anywhere(old):
    data = save({"a": torch.ones(40), "b": torch.ones(3)}, old).getvalue()
    assert not damaged(data)
    assert all(damaged(data[:length]) for length in range(0, len(data) - 1, 7))


@pytest.mark.parametrize("old", [False, True])
def test_whatever_is_garbled_is_read_or_told(old):
    data = save(TENSORS, old).getvalue()
    random = torch.Generator().manual_seed(0)
    for _ in range(300):
        garbled = bytearray(data)
        for place in torch.randint(len(data), (4,), generator=random).tolist():
            garbled[place] = int(torch.randint(256, (1,), generator=random))
        damaged(bytes(garbled))


@pytest.mark.parametrize("shape", [(-1, 2), (2, "x"), None])
def test_nonsense(shape):
    pid = pickle.dumps(0)
    assert damaged(pid)
    rows = [0x1950A86A20F9469CFC6C, 1001, {}, {"a": shape}, []]
    data = b"".join(pickle.dumps(one, 2) for one in rows)
    header, end = read_tensors(io.BytesIO(data))
    assert (header.shapes, end) == ({}, 0)
    assert damaged(data[:-3] + struct.pack("<q", 9))
