"""Against the package `gguf`, whose makers define the format."""

import gguf
import numpy as np
import pytest
import torch
from gguf.quants import dequantize

from webui.library.header import BLOCKS, BYTES, OWN_BLOCKS
from webui.models.quants import NORMAL, PLAIN, decoded, looked_up


def blocks(kind: str, rows: int) -> np.ndarray:
    """(rows, bytes of two blocks): any bits, but scales that are numbers."""
    _, size = BLOCKS[kind]
    data = np.random.default_rng(0).integers(0, 256, (rows * 2, size), dtype=np.uint8)
    places = {"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
    for place in places.get(kind, (0, 2) if kind.endswith("_1") else (0,)):
        scales = np.random.default_rng(place).normal(size=rows * 2).astype(np.float16)
        data[:, place : place + 2] = scales.view(np.uint8).reshape(-1, 2)
    return data.reshape(rows, 2 * size)


@pytest.mark.parametrize("kind", BLOCKS)
def test_blocks_as_the_makers_of_the_format_read_them(kind):
    data = blocks(kind, 7)
    wanted = dequantize(data, gguf.GGMLQuantizationType[kind])
    made = decoded(torch.from_numpy(data), kind)
    assert made.shape == wanted.shape == (7, 2 * BLOCKS[kind][0])
    assert made.dtype == torch.float32
    torch.testing.assert_close(made, torch.from_numpy(wanted), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "F64", "I32", "F8_E4M3", "F8_E5M2"])
def test_numbers_that_stand_for_themselves(kind):
    numbers = torch.tensor([[1.0, -2.0], [4.0, 0.5]]).to(PLAIN[kind])
    data = numbers.view(torch.uint8)
    assert torch.equal(decoded(data, kind).float(), numbers.float())


@pytest.mark.parametrize("kind", ["F8_E4M3", "F8_E5M2"])
def test_floats_of_8_bits_where_a_device_does_not_know_them(kind):
    data = torch.arange(256, dtype=torch.uint8).reshape(4, 64)
    made, wanted = looked_up(data, kind), decoded(data, kind).float()
    assert torch.equal(made.nan_to_num(7), wanted.nan_to_num(7)) and made.dtype == torch.float32


def test_sizes_are_those_of_the_format():
    for kind, size in BLOCKS.items():
        assert gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[kind]] == size
    assert PLAIN.keys() == BYTES.keys()
    assert all(PLAIN[kind].itemsize == size for kind, size in BYTES.items())


def test_blocks_of_our_own():
    largest = torch.tensor([[3.0], [0.5]])
    halves = torch.arange(64, dtype=torch.uint8).reshape(2, 32) * 37
    blocks = torch.cat([largest.view(torch.uint8), halves], dim=1)
    assert blocks.shape[1] == OWN_BLOCKS["NF4"][1]
    made = decoded(blocks, "NF4")
    for row in range(2):
        numbers = [half for byte in halves[row].tolist() for half in (byte >> 4, byte & 15)]
        wanted = torch.tensor([NORMAL[one] for one in numbers]) * largest[row]
        assert torch.equal(made[row], wanted)
