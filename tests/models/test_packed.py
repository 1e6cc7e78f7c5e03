import pytest
import torch

from webui.models.packed import Packed


def packed(factor: torch.Tensor | None = None, rows: int = 6) -> Packed:
    numbers = (torch.arange(rows * 4.0) % 16).reshape(rows, 4).to(torch.float8_e4m3fn)
    return Packed(numbers.view(torch.uint8), "F8_E4M3", 4, torch.float32, factor)


FACTORS = [None, torch.tensor([2.0]), torch.arange(1.0, 7)]


@pytest.mark.parametrize("factor", FACTORS)
def test_rows_are_taken_apart_and_put_together_as_they_are(factor):
    whole = packed(factor)
    plain = whole.plain()
    first, second = whole.chunk(2)
    for made, wanted in (
        (torch.cat([second, first]), torch.cat([plain[3:], plain[:3]])),
        (whole.split([1, 2, 3])[2], plain[3:]),
        (whole[2:4], plain[2:4]),
        (whole.contiguous(), plain),
        (whole.detach(), plain),
    ):
        assert isinstance(made, Packed)
        assert torch.equal(made.plain(), wanted) and made.shape == wanted.shape


def test_anything_else_is_done_to_the_numbers():
    whole = packed(torch.tensor([2.0]))
    plain = whole.plain()
    for made, wanted in (
        (whole.T, plain.T),
        (whole + 1, plain + 1),
        (whole.half(), plain.half()),
        (whole.chunk(2, dim=1)[1], plain[:, 2:]),
        (torch.cat([whole, plain]), torch.cat([plain, plain])),
        (torch.cat([whole, packed()]), torch.cat([plain, packed().plain()])),
    ):
        assert not isinstance(made, Packed) and torch.equal(made, wanted)


def test_it_looks_like_the_tensor_that_it_will_be():
    whole = packed()
    assert (tuple(whole.shape), whole.dtype, len(whole)) == ((6, 4), torch.float32, 6)
    assert torch.equal(whole.plain().flatten(), torch.arange(24.0) % 16)
