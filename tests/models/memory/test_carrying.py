import torch

from webui.models.memory.carrying import Carrier, Packet, size_of

CPU = torch.device("cpu")


def test_a_packet_holds_tensors_of_all_kinds_to_the_bit_and_each_begins_even():
    tensors = [
        torch.randn(3, 5),
        torch.randn(7).half(),
        torch.arange(3),
        torch.randn(2, 2).to(torch.float8_e4m3fn),
        torch.tensor(True),
    ]
    packet = Packet.of(tensors)
    assert packet.bytes.nbytes == size_of(tensors) == 5 * 256
    for view, tensor in zip(packet.views(), tensors, strict=True):
        assert (view.shape, view.dtype) == (tensor.shape, tensor.dtype)
        assert torch.equal(view.float(), tensor.float())
        assert (view.data_ptr() - packet.bytes.data_ptr()) % 256 == 0


def test_what_is_changed_in_a_packet_is_what_is_carried():
    packet = Packet.of([torch.zeros(4), torch.zeros(4)])
    packet.views()[1].fill_(3)
    carrier = Carrier(CPU)
    there = carrier.arrived(carrier.fetch(packet).clone())
    assert [one.sum().item() for one in packet.views(there)] == [0, 12]
    assert not carrier.beside
