"""Switches of networks that trade time for memory, and can be switched back."""

from __future__ import annotations

from typing import Any

_OVERLAP = 0.25
"""Share of a tile that the next one repeats."""
_SIDES = ("tile_sample_min_height", "tile_sample_min_width")
_STRIDES = ("tile_sample_stride_height", "tile_sample_stride_width")
_SIZES = ("tile_sample_min_size", "tile_latent_min_size")


class Tiles:
    """An autoencoder of diffusers that works on tiles, which overlap and fade into each other."""

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        known = (*_SIZES, *_SIDES, *_STRIDES)
        self._own = {name: getattr(vae, name) for name in known if hasattr(vae, name)}

    def use(self, side: int | None) -> None:
        """Tiles of so many pixels a side, None for whole pictures. A picture that is no larger
        than a tile is not cut; an autoencoder that knows no tiles stays as it is."""
        if not self._own:
            return
        wanted = dict(self._own)
        if side is not None:
            stride = self._own.get(_SIZES[0], 8) // self._own.get(_SIZES[1], 1)
            wanted |= dict.fromkeys(_SIDES, side)
            wanted |= dict.fromkeys(_STRIDES, int(side * (1 - _OVERLAP)))
            wanted |= {_SIZES[0]: side, _SIZES[1]: side // max(stride, 1)}
        for name in self._own:
            setattr(self._vae, name, wanted[name])
        self._vae.use_tiling = side is not None


class Slices:
    """A UNet of diffusers whose attention is computed head by head."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self._own: dict[str, Any] | None = None

    @property
    def possible(self) -> bool:
        """Whether this network can do so."""
        return hasattr(self._network, "set_attention_slice")

    def use(self, sliced: bool) -> None:
        """Head by head, or as before."""
        if sliced and self._own is None and self.possible:
            self._own = dict(self._network.attn_processors)
            self._network.set_attention_slice("max")
        elif not sliced and self._own is not None:
            self._network.set_attn_processor(self._own)
            self._own = None
