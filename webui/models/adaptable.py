"""What of a model can be changed for a prompt: its weights by adapters, its words by embeddings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import torch
from torch import nn

from webui.models.adapters.patches import UNET, Joined, Match, Patches
from webui.models.adapters.reading import Adapter
from webui.models.autoencoder import Autoencoder
from webui.models.embeddings import LearnedWords
from webui.models.memory.placement import VAE, Placement
from webui.models.texts import TextEncoder


class Encoder(Protocol):
    """A text encoder: the network, and by which part files of adapters name it."""

    @property
    def part(self) -> str: ...

    @property
    def model(self) -> nn.Module: ...

    def forget(self) -> None:
        """Forget what was read: the weights have changed."""


class Adaptable:
    """A part of every model (see `webui.models.family.Model`).

    Attributes:
        autoencoder: in use.
        own_autoencoder: that it came with.
        placement: where its networks are.
    """

    def __init__(
        self,
        networks: Mapping[str, nn.Module],
        encoders: Sequence[Encoder],
        autoencoder: Autoencoder,
    ) -> None:
        """Change nothing yet.

        Args:
            networks: those beside the text encoders, by the part that files of adapters name.
            encoders: in the order in which their vectors are put together; those that are CLIP's
                can learn embeddings.
            autoencoder: that it came with.
        """
        self.autoencoder = autoencoder
        self.own_autoencoder = autoencoder
        self._encoders = encoders
        self._readers = [encoder for encoder in encoders if isinstance(encoder, TextEncoder)]
        texts = {encoder.part: encoder.model for encoder in encoders}
        self._patches = Patches({**networks, **texts}, self._changed)
        whole = {**networks, **texts, VAE: autoencoder.vae}
        self.placement = Placement(whole, UNET, self._parked)

    @property
    def device(self) -> torch.device:
        """Where it computes, and what it is given is best."""
        return self.placement.device

    @property
    def dtype(self) -> torch.dtype:
        """In which the network computes."""
        return self.placement.dtype

    def adapt(self, wanted: Sequence[Joined]) -> None:
        self._patches.use(wanted)

    def match(self, adapter: Adapter) -> Match:
        return self._patches.match(adapter)

    def reads(self, words: LearnedWords) -> bool:
        widths = [reader.model.config.hidden_size for reader in self._readers]
        return [vectors.shape[1] for vectors in words.vectors] == widths

    def learn(self, words: Sequence[LearnedWords]) -> None:
        for place, reader in enumerate(self._readers):
            reader.learn({one.name: one.vectors[place] for one in words})

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        found = [reader.names_in(text, names) for reader in self._readers[:1] for text in texts]
        return frozenset[str]().union(*found)

    def use_autoencoder(self, autoencoder: Autoencoder) -> None:
        self.autoencoder = autoencoder
        self.placement.use_autoencoder(autoencoder.vae)

    def _parked(self) -> None:
        """What was read is on a device that is to be free."""
        for encoder in self._encoders:
            encoder.forget()

    def _changed(self, part: str) -> None:
        for encoder in self._encoders:
            if encoder.part == part:
                encoder.forget()
