import pytest
import torch
from torch import nn

from webui.models.memory.turns import Turns, entries

CPU = torch.device("cpu")


class Recorded(nn.Module):
    """Says where it is sent: the machine's memory is `cpu`, the device `cpu:0`."""

    def __init__(self, name: str, log: list[tuple[str, str]]) -> None:
        super().__init__()
        self.decoder = nn.Linear(2, 2)
        self.blocks = nn.ModuleList([nn.Linear(2, 2)])
        self._name, self._log = name, log
        self.full = False

    def forward(self, x):
        return self.blocks[0](self.decoder(x))

    def decode(self, x):
        return self.decoder(x)

    def to(self, device):
        self._log.append((self._name, str(device)))
        if self.full and str(device) == "cpu:0":
            raise torch.OutOfMemoryError
        return super().to(device)


@pytest.fixture
def log():
    return []


@pytest.fixture
def three(log):
    return {name: Recorded(name, log) for name in ("text_encoder", "unet", "vae")}


DEVICE = torch.device("cpu:0")


def test_one_is_there_at_a_time_and_stays_until_another_comes(three, log):
    turns = Turns(DEVICE, three)
    x = torch.ones(1, 2)
    three["text_encoder"](x)
    three["unet"](x)
    three["unet"](x)
    three["vae"].decode(x)
    came = [name for name, where in log if where == "cpu:0"]
    assert came == ["text_encoder", "unet", "vae"]
    assert [name for name, where in log if where == "cpu"] == ["text_encoder", "unet"]
    turns.end()
    assert log[-1] == ("vae", "cpu")
    log.clear()
    three["unet"](x)
    assert log == [], "no hooks are left"


def test_where_another_network_works_the_one_that_is_there_goes(three, log):
    Turns(DEVICE, {"vae": three["vae"]}, [three["unet"]])
    three["vae"].decode(torch.ones(1, 2))
    three["unet"](torch.ones(1, 2))
    assert log == [("vae", "cpu:0"), ("vae", "cpu")]


def test_one_that_does_not_fit_is_taken_back(three, log):
    turns = Turns(DEVICE, three)
    three["unet"].full = True
    with pytest.raises(torch.OutOfMemoryError):
        three["unet"](torch.ones(1, 2))
    turns.end()
    assert log[-1] == ("unet", "cpu")


def test_calls_come_in_by_the_network_its_parts_and_the_items_of_its_lists(three):
    network = three["unet"]
    assert list(entries(network)) == [network, network.decoder, network.blocks[0]]
