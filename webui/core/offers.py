"""What there is to choose from: models, samplers, schedules, as plain data for menus and checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from webui.core.errors import Problem
from webui.core.request import Storage
from webui.core.sampling import SAMPLERS, SCHEDULES, SamplerInfo, ScheduleInfo

Localized = dict[str, str]
"""Language -> text."""


class Preview(BaseModel):
    """Rough picture without the decoder: rgb = latents x matrix + bias, rgb in -1..1.

    matrix: (channels, 3); bias: (3,).
    """

    model_config = ConfigDict(frozen=True)

    matrix: tuple[tuple[float, float, float], ...]
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)


class PartSizes(BaseModel, frozen=True):
    """Which part the weights of a family belong to that an extension brings.

    Attributes:
        named: (how names of weights begin, part), the longer ones first.
        beside: (part, millions of weights) of parts that lie elsewhere.
    """

    named: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, int], ...] = ()


class ModelCard(BaseModel):
    """What suits a model: the values a form takes when the model is chosen.

    distilled: the network itself was taught the guidance: it is told the scale, and a negative
        prompt counts for nothing.
    renormed: guidance keeps the length of what the prompt alone leads to.
    parts: name of a part (`vae`, `text_encoder`, …) -> the file that holds it, for single files
        whose parts lie beside them.
    shift: of a flow's noise levels, where it is not the model's own.
    storage: in how many bits the large matrices of its networks are kept in memory, where its file
        has them in more.
    prediction, zero_terminal_snr: how it was trained, for single files that do not tell.
    unused: fields of a request that count for nothing with it, besides those of its family.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: Localized = {}
    family: str | None = None
    width: int = 512
    height: int = 512
    steps: int = 20
    sampler: str = "DPM++ 2M"
    schedule: str = "Automatic"
    cfg_scale: float = 7.0
    clip_skip: int = 1
    vae: str | None = None
    distilled: bool = False
    renormed: bool = False
    parts: dict[str, str] = {}
    shift: float | None = None
    storage: Storage | None = None
    prediction: Literal["epsilon", "v_prediction"] | None = None
    zero_terminal_snr: bool | None = None
    unused: tuple[str, ...] = ()
    prompt: Localized = {}
    negative_prompt: Localized = {}
    examples: tuple[Localized, ...] = ()
    preview: Preview | None = None

    @property
    def loading(self) -> tuple[object, ...]:
        """What decides how the model is loaded; the rest may change while it is in memory."""
        how = self.prediction, self.zero_terminal_snr, self.distilled, self.family
        return (*sorted(self.parts.items()), *how, self.storage or "native", self.preview)


class ModelInfo(BaseModel):
    """A model as found on disk, from its headers alone.

    Attributes:
        id: stable name that requests use (path below its models folder, without extension).
        path: file or folder.
        family: `sd1`, …; None if it is none that we know.
        variant: what it takes beside the latents (`inpaint`, `edit`, `depth`), else how it was
            distilled to few steps (`turbo`, `lightning`, …), else None.
        hash: first ten digits of the file's SHA-256, once known (A1111's short hash).
        problem: why it cannot be used, or None.
        shipped: it came with the program.
        loras: that are always joined to it: names and weights.
        definition: the file that defines it over another model, whose `path` and weights it has;
            None for all others.
        extension: that brings its family; None for those that are ours.
        sizes: which part its weights belong to, where an extension tells.
        folders: all folders of models, in which parts that are not in its file may lie.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    path: str
    format: str
    family: str | None = None
    variant: str | None = None
    hash: str | None = None
    bytes: int = 0
    card: ModelCard = ModelCard()
    problem: Problem | None = None
    shipped: bool = False
    loras: tuple[tuple[str, float], ...] = ()
    definition: str | None = None
    extension: str | None = None
    sizes: PartSizes | None = None
    folders: tuple[str, ...] = Field(default=(), exclude=True)

    @property
    def weights(self) -> tuple[str, Storage]:
        """What is loaded for it: a file, kept in so many bits."""
        return self.path, self.card.storage or "native"

    def stored(self, storage: Storage | None) -> ModelInfo:
        """The same, kept in so many bits; None: as its card says."""
        if storage is None:
            return self
        return self.model_copy(update={"card": self.card.model_copy(update={"storage": storage})})


class UpscalerInfo(BaseModel):
    """Something that enlarges: latents between two passes, or pictures.

    scale: how many times larger it makes a picture in one go; None where it is free or not known.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["latent", "picture"] = "picture"
    scale: float | None = None

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names: A1111's for a file, so that its parameters and habits lead here."""
        name = _A1111.get(self.name)
        return (name,) if name else ()


_A1111: Mapping[str, str] = {
    "RealESRGAN_x4plus": "R-ESRGAN 4x+",
    "RealESRGAN_x4plus_anime_6B": "R-ESRGAN 4x+ Anime6B",
    "RealESRGAN_x2plus": "R-ESRGAN 2x+",
    "realesr-general-x4v3": "R-ESRGAN General 4xV3",
    "realesr-general-wdn-x4v3": "R-ESRGAN General WDN 4xV3",
    "realesr-animevideov3": "R-ESRGAN AnimeVideo",
    "DAT_x2": "DAT x2",
    "DAT_x3": "DAT x3",
    "DAT_x4": "DAT x4",
}
"""Names of files, and what A1111 calls them."""


class ToolInfo(BaseModel):
    """Something of an extension's that takes a picture: name and, by language, title."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: Localized = {}

    @property
    def aliases(self) -> tuple[str, ...]:
        return tuple(self.title.values())


FLOW = "Optical flow"
"""The interpolator that needs no extension."""
INTERPOLATORS: tuple[ToolInfo, ...] = (
    ToolInfo(name=FLOW, title={"en": "Optical flow", "pl": "Przepływ optyczny"}),
)


class PreprocessorInfo(ToolInfo):
    """A preprocessor; `options` is the JSON schema of its options, empty if it has none."""

    options: dict[str, Any] = {}


_LATENT = ("", " (antialiased)", " (bicubic)", " (bicubic antialiased)", " (nearest)")
UPSCALERS: tuple[UpscalerInfo, ...] = (
    *(UpscalerInfo(name=f"Latent{how}", kind="latent") for how in (*_LATENT, " (nearest-exact)")),
    *(UpscalerInfo(name=name) for name in ("None", "Lanczos", "Nearest")),
)
"""Those that need no file, under A1111's names."""


class Offers(BaseModel):
    """The worker's report; kept from the last run so that menus are there before the worker."""

    model_config = ConfigDict(frozen=True)

    samplers: tuple[SamplerInfo, ...] = SAMPLERS
    schedules: tuple[ScheduleInfo, ...] = SCHEDULES
    upscalers: tuple[UpscalerInfo, ...] = UPSCALERS
    captioners: tuple[ToolInfo, ...] = ()
    restorers: tuple[ToolInfo, ...] = ()
    preprocessors: tuple[PreprocessorInfo, ...] = ()
    interpolators: tuple[ToolInfo, ...] = INTERPOLATORS
    device: str = ""
