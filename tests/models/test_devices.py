import psutil
import pytest
import torch

from webui.core.errors import UserError
from webui.models.devices import (
    OVERRIDE,
    autoencoder_dtype,
    best_device,
    choose_device,
    free_memory,
    network_dtype,
    out_of_memory,
    return_memory,
)


@pytest.mark.parametrize(
    ("wanted", "kind", "count", "device"),
    [
        (None, None, 0, "cpu"),
        (None, "cuda", 2, "cuda"),
        (None, "mps", 1, "mps"),
        ("", "xpu", 1, "xpu"),
        ("cpu", "cuda", 1, "cpu"),
        (" CUDA:1 ", "cuda", 2, "cuda:1"),
        ("mps", "mps", 1, "mps"),
    ],
)
def test_the_wanted_device_or_the_accelerator_or_the_cpu(wanted, kind, count, device):
    assert choose_device(wanted, kind, count) == torch.device(device)


@pytest.mark.parametrize("wanted", ["cuda:2", "mps", "gpu", "meta"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(wanted):
    with pytest.raises(UserError, match=f"{wanted} here: .* cpu, cuda, cuda:0, cuda:1,"):
        choose_device(wanted, "cuda", 2)


def test_the_environment_decides():
    assert best_device({OVERRIDE: "cpu"}) == torch.device("cpu")
    with pytest.raises(UserError):
        best_device({OVERRIDE: "abacus"})


@pytest.mark.parametrize(
    ("device", "name", "network", "autoencoder"),
    [
        ("cpu", "", torch.float32, torch.float32),
        ("cuda", "NVIDIA GeForce RTX 4090", torch.float16, torch.float16),
        ("cuda", "NVIDIA GeForce GTX 1660 Ti", torch.float32, torch.float32),
        ("mps", "", torch.float16, torch.float32),
    ],
)
def test_precision(device, name, network, autoencoder):
    assert network_dtype(torch.device(device), name) == network
    assert autoencoder_dtype(torch.device(device), name) == autoencoder


def test_memory_is_returned_without_an_accelerator_too():
    return_memory(torch.device("cpu"))


def test_free_memory_is_some_and_not_more_than_there_is():
    assert 0 < free_memory(torch.device("cpu")) <= psutil.virtual_memory().total


def test_full_memory_is_told_from_other_failures():
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert out_of_memory(MemoryError())
    assert out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))
    with pytest.raises(RuntimeError) as full:
        torch.empty(2**60)
    assert out_of_memory(full.value)
    assert not out_of_memory(RuntimeError("shapes do not match"))
    assert not out_of_memory(ValueError("out of memory"))
