"""Networks that enlarge pictures: any that spandrel knows, loaded without running foreign code."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from webui.core.errors import UserError
from webui.library.weights import SUFFIX, read_header
from webui.models.devices import device_name, network_dtype

_COLOURS, _GRAY = (3, 3), (1, 1)
"""Channels in and out of the networks that can be used."""
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
"""What torch and spandrel raise for a damaged file, depending on where."""


class UpscalerNetwork:
    """A loaded network.

    Attributes:
        name: of its file.
        scale: how many times larger it makes a picture, along each side.
        device: where it runs.
    """

    def __init__(self, name: str, descriptor: Any, device: torch.device) -> None:
        self.name = name
        self.scale = int(descriptor.scale)
        self.device = device
        self.dtype = torch.float32
        self._gray = descriptor.input_channels == _GRAY[0]
        self._run: Callable[[Tensor], Tensor] = descriptor
        self._descriptor = descriptor
        half = network_dtype(device, device_name(device)) == torch.float16
        descriptor.model.requires_grad_(False).eval()
        self._to(torch.float16 if half and descriptor.supports_half else torch.float32)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Enlarge.

        Args:
            pixels: (1, 3, h, w) in 0..1, float32, at least 1 x 1.

        Returns:
            (1, 3, h * scale, w * scale) in 0..1, float32 on the CPU.

        Raises:
            UserError: what comes out is not numbers.
        """
        result = self._called(pixels)
        if not bool(result.isfinite().all()) and self.dtype != torch.float32:
            self._to(torch.float32)
            result = self._called(pixels)
        if not bool(result.isfinite().all()):
            raise UserError("upscaler_not_a_number", "upscaler", file=self.name)
        return result.float().cpu().clamp(0, 1)

    @property
    def bytes_a_pixel(self) -> int:
        """Memory for a pixel of what goes in, a generous estimate for the hungriest kinds."""
        return _BYTES_A_NUMBER * self.dtype.itemsize

    def _called(self, pixels: Tensor) -> Tensor:
        x = pixels.to(self.device, self.dtype)
        if not self._gray:
            return self._run(x)
        return torch.cat([self._run(channel) for channel in x.split(1, dim=1)], dim=1)

    def _to(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._descriptor.model.to(device=self.device, dtype=dtype)


_BYTES_A_NUMBER = 12_000
"""Numbers that are held at once for a pixel; attention over windows of 24 x 24 needs the most."""


def load_upscaler(path: Path, device: torch.device) -> UpscalerNetwork:
    """Load a network from a `.safetensors`, `.pth` or `.pt` file.

    Raises:
        UserError: the file cannot be read, is cut off, damaged or of another kind, or would have
            to run code to be opened.
    """
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError

    weights = _read(path)
    try:
        with _quiet():
            descriptor = ModelLoader().load_from_state_dict(weights)
    except UnsupportedModelError as error:
        raise UserError("upscaler_unknown_kind", "upscaler", file=path.name) from error
    except _BROKEN as error:
        raise UserError("model_damaged", "upscaler", file=path.name) from error
    channels = (descriptor.input_channels, descriptor.output_channels)
    usable = channels in (_COLOURS, _GRAY) and descriptor.purpose in ("SR", "Restoration")
    if not isinstance(descriptor, ImageModelDescriptor) or not usable:
        kind = descriptor.architecture.name
        raise UserError("upscaler_other_kind", "upscaler", file=path.name, kind=kind)
    return UpscalerNetwork(path.name, descriptor, device)


def _read(path: Path) -> dict[str, Any]:
    """The weights, by name."""
    try:
        if path.suffix.lower() == SUFFIX:
            read_header(path, path.name)  # is it whole?
            return load_file(path)
        with _quiet():
            weights = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError("model_unreadable", "upscaler", file=path.name, reason=reason) from error
    except _BROKEN as error:
        code = "model_pickle" if _wants_to_run(error) else "model_damaged"
        raise UserError(code, "upscaler", file=path.name) from error
    if not isinstance(weights, dict):
        raise UserError("upscaler_unknown_kind", "upscaler", file=path.name)
    return {str(name): value for name, value in weights.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings about the age of a file, or of a network's code: nobody could act on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _wants_to_run(error: BaseException) -> bool:
    """Whether torch refused because the file holds more than weights."""
    return any(mark in str(error) for mark in ("GLOBAL", "TorchScript"))
