"""Networks whose layers are on the device only while they work, or rest there in 8 bits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import torch
from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN
from torch import Tensor, nn

from webui.core.memory import GROUP
from webui.models.memory.carrying import Carrier
from webui.models.memory.hooks import Cast, Group, Order, Undo, around, changing

STORED = torch.float8_e4m3fn
_CAST = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers that 8 bits do for; norms and embeddings take up little and need more."""


def stream(network: nn.Module, carrier: Carrier, limit: int = GROUP) -> Undo:
    """Keep a network's weights in the machine's memory, its layers come when they are called.

    Args:
        limit: bytes that come together, where a layer has no more.

    Returns:
        What takes the hooks off; the weights stay in the machine's memory.
    """
    order = Order()
    undo: list[Undo] = []
    with changing():
        groups = [
            (module, Group(tensors, carrier)) for module, tensors in layer_groups(network, limit)
        ]
    for module, group in groups:

        def enter(group: Group = group) -> None:
            group.enter()
            if carrier.beside:
                order.entered(group)

        undo.append(around(module, enter, group.leave, carrier.device))
    undo.append(around(network, lambda: None, order.ended, carrier.device))

    def remove() -> None:
        order.ended()
        for one in undo:
            one()

    return remove


def layer_groups(network: nn.Module, limit: int) -> Iterator[tuple[nn.Module, list[Tensor]]]:
    """Modules, each with the weights that come when it is called; every weight is in one of them.

    The items of lists of blocks are taken whole where they are not too large, what else has
    weights of its own is taken by itself. What two modules share comes with what holds both.
    """
    shared = _shared(network)
    yield from _groups(network, limit, shared, in_list=False)
    if shared:
        yield network, list(shared.values())


def store_in_8_bits(network: nn.Module, compute: torch.dtype, device: torch.device) -> Undo:
    """Round the weights of large layers; they are made of full precision while a layer works.

    Args:
        device: that the network works on.
        compute: precision of the layers that are rounded, others are left as they are.
    """
    undo: list[Undo] = []
    own = getattr(network, "_skip_layerwise_casting_patterns", None) or ()
    skip = re.compile("|".join((*DEFAULT_SKIP_MODULES_PATTERN, *own)))
    for name, layer in network.named_modules():
        if not isinstance(layer, _CAST) or skip.search(name):
            continue
        known = layer.weight.dtype in (compute, STORED)
        if not known or type(layer.weight) is not nn.Parameter:
            continue
        with changing():
            cast = Cast(layer, STORED, compute)
        undo.append(around(layer, cast.enter, cast.leave, device))
    return partial(_all, undo)


def plain(network: nn.Module) -> bool:
    """Whether all weights are plain tensors, not some library's own kind."""
    return all(type(one) is nn.Parameter for one in network.parameters())


def _all(undo: list[Undo]) -> None:
    for one in undo:
        one()


def _groups(
    module: nn.Module, limit: int, shared: dict[int, Tensor], in_list: bool
) -> Iterator[tuple[nn.Module, list[Tensor]]]:
    if in_list and not isinstance(module, nn.ModuleList):
        tensors = _tensors(module, shared, deep=True)
        if sum(one.nbytes for one in tensors) <= limit:
            if tensors:
                yield module, tensors
            return
    if tensors := _tensors(module, shared, deep=False):
        yield module, tensors
    lists = isinstance(module, nn.ModuleList | nn.Sequential)
    for child in module.children():
        yield from _groups(child, limit, shared, lists)


def _tensors(module: nn.Module, shared: dict[int, Tensor], deep: bool) -> list[Tensor]:
    found = [*module.parameters(recurse=deep), *module.buffers(recurse=deep)]
    return [one for one in found if id(one) not in shared and one.numel()]


def _shared(network: nn.Module) -> dict[int, Tensor]:
    """Weights that several modules have."""
    seen: dict[int, Tensor] = {}
    twice: dict[int, Tensor] = {}
    for module in network.modules():
        for one in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
            (twice if id(one) in seen else seen)[id(one)] = one
    return twice
