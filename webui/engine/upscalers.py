"""The upscalers of pictures: a menu, and any of them used by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image

from webui.core.errors import UnknownId
from webui.core.hookspecs import Upscaler
from webui.core.offers import UpscalerInfo
from webui.engine.upscaler_tiles import (
    MOST_AT_ONCE,
    Check,
    Progress,
    enlarged,
    enlarged_to,
)
from webui.library.hashes import Stamp, stamp
from webui.library.upscalers import upscaler_files, upscalers
from webui.models.devices import return_memory
from webui.models.upscalers import UpscalerNetwork, load_upscaler

_WITHOUT_FILE: Mapping[str, Image.Resampling] = {
    "None": Image.Resampling.LANCZOS,  # as in A1111, whose resizing does the work then
    "Lanczos": Image.Resampling.LANCZOS,
    "Nearest": Image.Resampling.NEAREST,
}
_MOST_PASSES = 3
_MOST_LOADED = 2
"""As many as one request mixes."""
_ALPHA_KINDS = ("RGBA", "LA", "PA", "La", "RGBa")


class Upscalers:
    """Those that need no file, and the files below some folders. Keeps the last two loaded."""

    def __init__(
        self, folders: Sequence[Path], device: torch.device, added: Sequence[Upscaler] = ()
    ) -> None:
        """Look at nothing yet.

        Args:
            folders: of models, see `webui.library.layouts`.
            device: where networks run.
            added: those of extensions.
        """
        self._folders = tuple(folders)
        self._device = device
        self._added = {one.name: one for one in added}
        self._loaded: dict[tuple[Path, Stamp | None], UpscalerNetwork] = {}
        self._scales: dict[Path, float] = {}

    def infos(self) -> tuple[UpscalerInfo, ...]:
        """The whole menu as it is now; opens no file."""
        found = upscalers(self._folders, self._scales)
        names = {info.name for info in found}
        added = (one for one in self._added.values() if one.name not in names)
        return (*found, *(UpscalerInfo(name=one.name, scale=one.scale) for one in added))

    def enlarge(
        self,
        name: str,
        image: Image.Image,
        width: int,
        height: int,
        check: Check = lambda: None,
        progress: Progress = lambda done, total: None,
    ) -> Image.Image:
        """The picture at exactly that size, as RGB or, where it has an alpha channel, RGBA.

        A network is used until the picture is large enough, three times at most, and once where
        it is of that size already; Lanczos does the rest (A1111's `Upscaler.upscale`). An alpha
        channel goes through the network on its own.

        Args:
            name: from the menu.
            width, height: pixels, each at least 1; the proportions may differ from the picture's.
            check: called before each tile; may raise to stop.
            progress: told after each tile; counts anew with every pass.

        Raises:
            UserError: there is no upscaler of this name, or its file cannot be used.
        """
        alpha = _alpha(image)
        image = image.convert("RGB") if alpha is None else image.convert("RGBA")
        resampling = _WITHOUT_FILE.get(name)
        if resampling is not None:
            return _resized(image, width, height, resampling)
        added = self._added.get(name)
        if added is not None and name not in upscaler_files(self._folders):
            larger = added.function(image.convert("RGB")).convert("RGB")
            return _with_alpha(_resized(larger, width, height, Image.Resampling.LANCZOS), alpha)
        network = self._network(name)
        colours = _repeated(network, image.convert("RGB"), width, height, check, progress)
        if alpha is not None:
            colours.putalpha(_one_channel(network, alpha, width, height, check, progress))
        return colours

    def _network(self, name: str) -> UpscalerNetwork:
        path = upscaler_files(self._folders).get(name)
        if path is None:
            raise UnknownId("unknown_upscaler", "upscaler", name=name)
        state = (path, stamp(path))
        network = self._loaded.pop(state, None)
        if network is None:
            while len(self._loaded) >= _MOST_LOADED:
                self._loaded.pop(next(iter(self._loaded)))
                return_memory(self._device)
            network = load_upscaler(path, self._device)
            self._scales[path] = network.scale
        self._loaded[state] = network  # the last one used is the last in the order
        return network


def _repeated(
    network: UpscalerNetwork,
    image: Image.Image,
    width: int,
    height: int,
    check: Check,
    progress: Progress,
) -> Image.Image:
    """An RGB picture through the network as often as its size asks for."""
    for done in range(_MOST_PASSES):
        if _covers(image.size, width, height) and (done or image.size != (width, height)):
            break
        after = (image.width * network.scale, image.height * network.scale)
        too_far = _covers(after, width, height) and after != (width, height)
        if too_far and after[0] * after[1] > MOST_AT_ONCE:
            return enlarged_to(network, image, width, height, check, progress)
        image = enlarged(network, image, check, progress)
        if network.scale == 1:
            break
    return _resized(image, width, height, Image.Resampling.LANCZOS)


def _one_channel(
    network: UpscalerNetwork,
    alpha: Image.Image,
    width: int,
    height: int,
    check: Check,
    progress: Progress,
) -> Image.Image:
    """A gray picture the same way; one of a single level needs no network."""
    lowest, highest = alpha.getextrema()
    if lowest == highest:
        return Image.new("L", (width, height), lowest)
    colours = Image.merge("RGB", (alpha, alpha, alpha))
    return _repeated(network, colours, width, height, check, progress).convert("L")


def _alpha(image: Image.Image) -> Image.Image | None:
    if image.mode in _ALPHA_KINDS or "transparency" in image.info:
        return image.convert("RGBA").getchannel("A")
    return None


def _with_alpha(image: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is not None:
        image.putalpha(_resized(alpha, *image.size, Image.Resampling.LANCZOS))
    return image


def _covers(size: tuple[int, int], width: int, height: int) -> bool:
    return size[0] >= width and size[1] >= height


def _resized(
    image: Image.Image, width: int, height: int, resampling: Image.Resampling
) -> Image.Image:
    return image if image.size == (width, height) else image.resize((width, height), resampling)
