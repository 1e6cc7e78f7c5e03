"""Adapters joined to a loaded model, and taken off again to the bit.

The weights themselves are changed, so that an adapter costs nothing while a picture is drawn, and
everything else (guidance, tiles, ControlNets, compiled networks) needs to know nothing of it.
Before a weight is changed for the first time, a copy of it is kept in the machine's memory; what
is on the device is always worked out from that copy in float32, adapter after adapter, and rounded
once. So nothing adds up however often adapters come and go, an adapter of another strength costs
the layers that it touches and no more, and to take it off is to copy the original back. Weights
that no adapter touches are never copied.

Weights that stay in memory in few bits are not changed; there, what adapters add is kept beside
them (`beside.py`).

What joined stays until something else is asked for: the next batch with the same prompt finds it
there. Whoever draws says first what it wants, which may be nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from webui.models.adapters.algorithms import bias_change, change, changes_bias, changes_weight
from webui.models.adapters.beside import put_beside
from webui.models.adapters.fused import Piece, fused
from webui.models.adapters.names import layers
from webui.models.adapters.reading import Adapter, Layer
from webui.models.adapters.weights import Rows, Weights
from webui.models.stored import StoredLinear

UNET = "unet"


@dataclass(frozen=True)
class Joined:
    """An adapter and how strongly it is to count.

    Attributes:
        text, unet: for the text encoders and for the UNet; may be negative.
        dyn: how many of its ranks to take, None for all.
    """

    adapter: Adapter
    text: float = 1.0
    unet: float = 1.0
    dyn: int | None = None

    def strength(self, part: str) -> float:
        """For a part of the model."""
        return self.unet if part == UNET else self.text


@dataclass(frozen=True)
class Match:
    """How an adapter goes with a model.

    Attributes:
        fitting: the layers that it changes.
        unknown: layers of the file that the model has not, or of another shape.
    """

    fitting: Mapping[Layer, Weights]
    unknown: tuple[Layer, ...]


class _Change(NamedTuple):
    """One adapter's part in a weight."""

    weights: Weights
    strength: float
    dyn: int | None
    rows: Rows | None

    def of_layer(self) -> Weights:
        """What of the weights is the layer's."""
        weights = self.weights.part(self.rows)
        if self.dyn is None:
            return weights
        return replace(weights, numbers={**weights.numbers, "dyn": self.dyn})


class _Target(NamedTuple):
    """A weight, or a bias, of a layer."""

    part: str
    layer: nn.Module
    name: str

    @property
    def parameter(self) -> nn.Parameter:
        return getattr(self.layer, self.name)


_Plan = dict[_Target, tuple[_Change, ...]]


class Patches:
    """What is changed of a model's networks."""

    def __init__(
        self, networks: Mapping[str, nn.Module], changed: Callable[[str], None] = lambda part: None
    ) -> None:
        """Change nothing yet.

        Args:
            networks: by part: `unet`, `text_encoder`, `text_encoder_2`.
            changed: told each part whose weights have changed.
        """
        self._changed = changed
        named = {part: layers(network) for part, network in networks.items()}
        self._pieces: Mapping[str, Mapping[str, tuple[Piece, ...]]] = {
            part: {**fused(one), **{name: (Piece(layer, None),) for name, layer in one.items()}}
            for part, one in named.items()
        }
        self._plan: _Plan = {}
        self._originals: dict[_Target, Tensor] = {}
        self._beside: set[StoredLinear] = set()
        self._matches: dict[Adapter, Match] = {}

    def match(self, adapter: Adapter) -> Match:
        """Which of its layers the model has, in the same shape."""
        if adapter not in self._matches:
            fitting = {
                layer: weights
                for layer, weights in adapter.layers.items()
                if self._fits(layer, weights)
            }
            unknown = tuple(layer for layer in adapter.layers if layer not in fitting)
            self._matches[adapter] = Match(fitting, unknown)
        return self._matches[adapter]

    def use(self, wanted: Sequence[Joined]) -> None:
        """Bring the model to where exactly these are joined, in this order.

        After an exception none is.
        """
        plan = self._planned(wanted)
        touched = [
            target
            for target in {**self._plan, **plan}
            if self._plan.get(target) != plan.get(target)
        ]
        try:
            with torch.inference_mode(False), torch.no_grad():
                for target in touched:
                    self._bring(target, plan.get(target, ()))
            self._plan = plan
        except BaseException:
            self._restore()
            raise
        finally:
            for part in {target.part for target in touched}:
                self._changed(part)
        used = {one.adapter for one in wanted}
        self._matches = {one: match for one, match in self._matches.items() if one in used}

    @property
    def kept_bytes(self) -> int:
        """Memory that the originals of changed weights take."""
        return sum(one.numel() * one.element_size() for one in self._originals.values())

    def _planned(self, wanted: Sequence[Joined]) -> _Plan:
        plan: _Plan = {}
        for one in wanted:
            for (part, name), weights in self.match(one.adapter).fitting.items():
                strength = one.strength(part)
                if strength == 0:
                    continue
                for piece in self._found((part, name)):
                    for target in _targets(part, piece.layer, weights):
                        joined = _Change(weights, strength, one.dyn, piece.rows)
                        plan[target] = (*plan.get(target, ()), joined)
        return plan

    def _fits(self, layer: Layer, weights: Weights) -> bool:
        """Tried without numbers, so that it costs nothing."""
        pieces = self._found(layer)
        return bool(pieces) and all(_piece_fits(piece, weights) for piece in pieces)

    def _found(self, layer: Layer) -> tuple[Piece, ...]:
        """The layers of the model that a file's is."""
        part, name = layer
        if part == "text_encoder_3" and part not in self._pieces:
            part = "text_encoder_2"  # trainers call T5 the third, also where there are but two
        return self._pieces.get(part, {}).get(name, ())

    def _bring(self, target: _Target, changes: Sequence[_Change]) -> None:
        if target.name == "weight" and isinstance(target.layer, StoredLinear):
            self._beside.add(target.layer)
            put_beside(target.layer, [(one.of_layer(), one.strength) for one in changes])
            return
        parameter = target.parameter
        if target not in self._originals:
            self._originals[target] = parameter.detach().to("cpu", copy=True)
        if changes:
            value = self._originals[target].to(parameter.device, torch.float32)
            for one in changes:
                value = value + one.strength * _full_change(target, one, value)
            parameter.copy_(value)
        else:
            parameter.copy_(self._originals.pop(target))

    def _restore(self) -> None:
        with torch.inference_mode(False), torch.no_grad():
            for target, original in self._originals.items():
                target.parameter.copy_(original)
            for layer in self._beside:
                layer.clear()
        self._plan, self._originals = {}, {}


def _piece_fits(piece: Piece, weights: Weights) -> bool:
    found = piece.layer
    like = {
        name: getattr(found, name).to("meta", torch.float32)
        for name in ("weight", "bias")
        if getattr(found, name, None) is not None
    }
    try:
        weights = weights.part(piece.rows)
        if changes_bias(weights):
            bias_change(weights, like["bias"])
        if changes_weight(weights) or not changes_bias(weights):
            change(weights, like["weight"])
    except (ArithmeticError, LookupError, ValueError):  # sizes that do not go together
        return False
    return True


def _targets(part: str, layer: nn.Module, weights: Weights) -> Iterator[_Target]:
    if changes_weight(weights):
        yield _Target(part, layer, "weight")
    if changes_bias(weights):
        yield _Target(part, layer, "bias")


def _full_change(target: _Target, one: _Change, value: Tensor) -> Tensor:
    weights = one.of_layer()
    return change(weights, value) if target.name == "weight" else bias_change(weights, value)
