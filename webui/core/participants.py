"""What takes part in a job: the seams of the sampling loop, for the core's features and extensions.

Tensors are typed `Any` here: the ground floor does not know torch. Shapes are in the docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from webui.core.requests import AnyRequest

Tensor = Any
Role = Literal["positive", "negative"]


@dataclass(frozen=True)
class Embedding:
    """A text as the network reads it.

    Attributes:
        tokens: (tokens, width), the emphasis already in it.
        pooled: (width,) for families that use one, else None.
        negative: it was read as what to lead away from.
        time_ids: what SDXL is told of the picture's size, in pixels: height and width of the
            original, top and left of the crop, height and width now (its refiner: the score in
            place of the last two); None for a picture of the size that is drawn, not cropped.
    """

    tokens: Tensor
    pooled: Tensor | None = None
    negative: bool = False
    time_ids: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Cond:
    """One branch of the prompt for one picture of the batch.

    Attributes:
        role: `positive` branches are summed by weight (`AND`), `negative` is what they lead away
            from.
        image: place of its picture in the batch.
        weight: of the branch.
        schedule: (last call, embedding) in order: an embedding is in force up to and including
            that model call; past the last one the first is in force again (A1111's rule).
        region: where a positive branch counts, and how much: (height, width) of the latents ->
            (h, w) in 0..1, by which its weight is multiplied; None: everywhere.
    """

    role: Role
    image: int
    weight: float
    schedule: tuple[tuple[int, Embedding], ...]
    region: Callable[[int, int], Tensor] | None = None

    def at(self, call: int) -> Embedding:
        """The embedding in force at a model call (from 0)."""
        for last, embedding in self.schedule:
            if call <= last:
                return embedding
        return self.schedule[0][1]


@dataclass(frozen=True, eq=False)
class Over:
    """What a pass draws over, of the first picture of its batch.

    Attributes:
        picture: RGB, of the size that is drawn, as it was before.
        mask: L, of that size, white where it is drawn anew; None without one.
        whole: (width, height) of the picture that this is a part of, or all.
        box: left, top, right, bottom of the part, pixels of the whole.
        fit: how the part was brought to the size that is drawn, see `webui.imaging.resize`.
    """

    picture: Image.Image
    mask: Image.Image | None
    whole: tuple[int, int]
    box: tuple[int, int, int, int]
    fit: Literal["just_resize", "fill"]

    @property
    def is_part(self) -> bool:
        """Whether there is more of the picture."""
        return self.box != (0, 0, *self.whole)


@dataclass
class Step:
    """One call of the model for the whole batch.

    Attributes:
        index, total: number of this call (from 0) and how many there will be.
        walk: number of the pass: 1 in the second one of a hires fix, else 0.
        x: (B, C, h, w) noisy latents; `before` may replace them.
        sigma: noise level of x, a float.
        denoised: (B, C, h, w) the prediction after guidance; None in `before`, `after` may
            replace it.
        prompted, uncond: (B, C, h, w) what the prompt and the negative prompt lead to, of which
            guidance made `denoised`; the same where nothing is led away from. None in `before`.
        scale: of the guidance on this step, 1 where nothing is led away from.
        over: what is drawn over; None where nothing is.
        residuals: what the network adds inside in all calls of this step; `before` adds to it. What
            depends on the rows goes into `Call.residuals`.
    """

    index: int
    total: int
    x: Tensor
    sigma: float
    denoised: Tensor | None = None
    prompted: Tensor | None = None
    uncond: Tensor | None = None
    scale: float = 1.0
    residuals: dict[str, Any] = field(default_factory=dict[str, Any])
    walk: int = 0
    over: Over | None = None


@dataclass
class Call:
    """One call of the network: those rows of a step that go through it together.

    A row is one branch of one picture's prompt. Rows of a step may go in several calls.

    Attributes:
        step: it is a part of.
        model: that is called.
        x: (R, C, h, w) float32, the noisy latents of each row.
        embeddings: the text of each row.
        images: which picture of the batch each row belongs to.
        roles: whether a row is led to or away from.
        residuals: what the network adds inside for these rows, by the name of its argument; begins
            as those of the step, and is the participant's to add to.
    """

    step: Step
    model: Any
    x: Tensor
    embeddings: Sequence[Embedding]
    images: Sequence[int]
    roles: Sequence[Role]
    residuals: dict[str, Any]


@dataclass(frozen=True)
class ModelFile:
    """A model of any kind on disk.

    Attributes:
        name: by which people call it.
        path: file or folder.
        family: that it is of, or was made for; None if nothing tells.
        hash: A1111's short one, once computed.
    """

    name: str
    path: Path
    format: str
    family: str | None = None
    hash: str | None = None


def _nothing(*asked: Any) -> Any:
    raise LookupError("there are no services here")


@dataclass(frozen=True)
class Services:
    """What an extension may ask for in a job.

    Attributes:
        picture: (name in the request) -> that picture, upright, RGB or RGBA.
        mask: (name in the request) -> that picture as a mask, of mode L.
        model: (kind, name) -> the model of a kind (`controlnet`, `ip_adapter`, …) that is meant;
            raises UserError where there is none.
        preprocess: (preprocessor, RGB picture, its options) -> the map it makes.
        check: raises to stop the job if that is wanted; to be called in long work.
        inpaint: (RGB picture, mask of mode L, values of an inpainting request) -> the picture drawn
            anew where the mask is white, of the same size. What is left out is as in the job;
            `number` says of which of its pictures the words and the seed are.
        kept: (key, make) -> what `make()` made for that key, now or in an earlier job. Few are
            kept, and none where memory is short.
        depth: (network, (H, W, 3) RGB bytes, metric) -> how near each pixel is, or how far, as
            (H, W) in no unit; the first network there is where no such is, None where there is
            none at all.
        device: where networks run, as torch names it.
    """

    picture: Callable[[str], Image.Image] = _nothing
    mask: Callable[[str], Image.Image] = _nothing
    model: Callable[[str, str], ModelFile] = _nothing
    preprocess: Callable[[str, Image.Image, Mapping[str, Any]], Image.Image] = _nothing
    check: Callable[[], None] = _nothing
    inpaint: Callable[[Image.Image, Image.Image, Mapping[str, Any]], Image.Image] = _nothing
    kept: Callable[[Hashable, Callable[[], Any]], Any] = _nothing
    depth: Callable[[str, Any, bool], Any] = _nothing
    device: str = "cpu"


@dataclass(frozen=True)
class JobView:
    """What an extension sees of a job.

    Attributes:
        id: of the job.
        request: as accepted.
        options: the values in `request.extensions` under the extension's own name.
        services: what it may ask for.
    """

    id: str
    request: AnyRequest
    options: Mapping[str, Any]
    services: Services = field(default_factory=lambda: Services())


class Participant:
    """One object per job, an animation too; override what is needed. Lower `order` acts first."""

    order: int = 0

    def start(self, numbers: Sequence[int]) -> None:
        """Before these pictures of the job (of an animation: this frame) are drawn, from 0."""

    def frame(self, job: JobView, before: JobView) -> bool:
        """Before each frame of an animation but its first, in a job with values of the extension's:
        whether this object goes on, with the job as it is at this frame (its request is that of the
        frame alone). If not, `participate` is asked for a new one.

        before: the job as it was at the frame before.
        """
        return job.options == before.options

    def conditioning(self, conds: list[Cond]) -> list[Cond]:
        """Change the prompt's branches before the first step."""
        return conds

    def patched(self, model: Any) -> AbstractContextManager[None]:
        """Change the model for this job; must be undone exactly, also after an exception."""
        return nullcontext()

    def before(self, step: Step) -> None:
        """Before the model is called."""

    def call(self, call: Call) -> None:
        """Before each call of the network for some rows of a step; may add to `call.residuals`."""

    def after(self, step: Step) -> None:
        """After guidance; `step.denoised` is there."""

    def latents(self, latents: Tensor) -> Tensor:
        """Change the finished latents (B, C, h, w) before they become pictures."""
        return latents

    def image(self, image: Image.Image) -> Image.Image:
        """Change a finished picture before it is saved."""
        return image

    def parameters(self) -> Mapping[str, str]:
        """What the parameters of the finished pictures say of it."""
        return {}


Participate = Callable[[JobView], Participant | None]
