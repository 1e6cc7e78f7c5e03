"""Live previews: a small picture of the clean latents as they are guessed on the way."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import torch
from PIL import Image
from torch import Tensor

from webui.core.offers import Preview
from webui.core.participants import Participant, Step
from webui.models.family import Model

SHOWN = 384
"""Pixels of a preview's longer side at most; the browser enlarges it."""


def rough_picture(latents: Tensor, preview: Preview) -> Image.Image:
    """Latents (B, C, h, w) to one RGB strip of B pictures of h x w, without the decoder."""
    matrix = torch.tensor(preview.matrix, device=latents.device)  # (C, 3)
    bias = torch.tensor(preview.bias, device=latents.device)
    rgb = torch.einsum("bchw,cr->bhwr", latents.float(), matrix) + bias  # -1..1
    rgb = torch.nan_to_num(rgb).add(1).mul(127.5).clamp(0, 255)
    strip = torch.cat(list(rgb), dim=1).to(torch.uint8).cpu().numpy()  # (h, B*w, 3)
    return Image.fromarray(strip)


def data_uri(image: Image.Image) -> str:
    """The picture as a small WebP data URI."""
    image.thumbnail((SHOWN, SHOWN))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=70)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


class PreviewParticipant(Participant):
    """Hands a preview on every few steps, but not more often than `least_seconds`.

    Making one costs a millisecond; sending one to every browser costs more.
    """

    order = 1000

    def __init__(
        self,
        show: Callable[[str], None],
        every: int = 1,
        least_seconds: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._preview: Preview | None = None
        self._show = show
        self._every = every
        self._least = least_seconds
        self._clock = clock
        self._last = float("-inf")

    @contextmanager
    def patched(self, model: Model) -> Generator[None]:
        """Nothing is changed; the model in work says what its latents look like."""
        before, self._preview = self._preview, model.latent.preview
        try:
            yield
        finally:
            self._preview = before

    def after(self, step: Step) -> None:
        """Show `step.denoised` when it is time."""
        now = self._clock()
        early = step.index % self._every or now - self._last < self._least
        if step.denoised is None or self._preview is None or early:
            return
        self._last = now
        self._show(data_uri(rough_picture(step.denoised, self._preview)))
