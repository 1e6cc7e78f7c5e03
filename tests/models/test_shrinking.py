import gguf
import pytest
import torch
from gguf.quants import quantize

from webui.models.quants import NORMAL
from webui.models.shrinking import shrunk

NAME = "blocks.3.to_q"


def test_blocks_of_8_bits_are_those_of_the_makers_of_the_format():
    weight = torch.randn(6, 64)
    weight[2] = 0
    made = shrunk(NAME, weight, "8bit")
    assert made is not None and made.kind == "Q8_0"
    wanted = quantize(weight.numpy(), gguf.GGMLQuantizationType.Q8_0)
    assert (made.rows.numpy() == wanted).all()


def test_each_output_in_8_bits_reaches_as_far_as_it_goes():
    weight = torch.randn(6, 5) * torch.tensor([[1e-4], [1], [1e4], [0], [3], [1e-30]])
    made = shrunk(NAME, weight, "fp8")
    assert made is not None
    plain = made.plain()
    assert torch.allclose(plain.abs().amax(dim=1)[:5], weight.abs().amax(dim=1)[:5])
    assert ((plain - weight).abs() <= weight.abs().amax(dim=1, keepdim=True) / 16 + 1e-12).all()


def test_numbers_that_4_bits_have_come_back_and_others_go_to_the_nearest():
    table = torch.tensor(NORMAL)
    weight = table.repeat(3, 4) * torch.tensor([[0.5], [7.0], [1e-3]])
    made = shrunk(NAME, weight, "4bit")
    assert made is not None and made.rows.shape == (3, 36)
    torch.testing.assert_close(made.plain(), weight)
    other = torch.rand(2, 128) * 2 - 1
    other[:, ::64] = 1
    made = shrunk(NAME, other, "4bit")
    assert made is not None
    nearest = (other[..., None] - table).abs().argmin(dim=-1)
    torch.testing.assert_close(made.plain(), table[nearest])


@pytest.mark.parametrize(
    ("name", "weight", "storage"),
    [
        ("proj_out", torch.ones(4, 64), "fp8"),
        (NAME, torch.ones(4, 64), "native"),
        (NAME, torch.ones(4, 64), None),
        (NAME, torch.ones(4, 48), "8bit"),
        (NAME, torch.ones(4, 96), "4bit"),
        (NAME, torch.ones(4, 64, dtype=torch.int32), "fp8"),
    ],
)
def test_what_stays(name, weight, storage):
    assert shrunk(name, weight, storage) is None
