"""What can be asked for: frozen values that serialise to JSON, the same for every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator

from webui.core.animation import MOST_FRAMES, Animation
from webui.core.download import Download
from webui.core.film import Film, Interpolate, JobId
from webui.core.hashing import Hash
from webui.core.merge import Convert, Merge
from webui.core.pictures import PictureRef
from webui.core.plot import Plot
from webui.core.request import (
    LARGEST_SEED,
    LARGEST_SIDE,
    Amount,
    Area,
    Content,
    Curve,
    Guidance,
    Intent,
    Name,
    NoiseSource,
    Part,
    Prompt,
    References,
    Request,
    ResizeMode,
    Seed,
    Share,
    Shift,
    Size,
    Steps,
    Storage,
)


class Refiner(Part):
    """Another model that takes over in mid-run.

    switch_at: share of the steps after which it does.
    """

    model: Name
    switch_at: float = Field(default=0.8, ge=0.01, le=1)


class Hires(Part):
    """A second pass at a larger size. What is None is as in the first pass.

    Attributes:
        upscaler: name from the menu of upscalers, of pictures or of latents.
        steps: None or 0: as many as the first pass.
        width, height: the size to reach; both 0: `scale` times the first pass's.
        image: a finished picture that takes the place of the first pass.
    """

    upscaler: Name = "Latent"
    steps: int | None = Field(default=None, ge=0, le=150)
    strength: Share = 0.7
    scale: float = Field(default=2.0, ge=1, le=4)
    width: Amount = 0
    height: Amount = 0
    model: Name | None = None
    sampler: Name | None = None
    schedule: Name | None = None
    cfg_scale: Guidance | None = None
    prompt: Prompt = ""
    negative_prompt: Prompt = ""
    image: PictureRef | None = None


class Drawing(Request):
    """What every request has for which a model draws.

    A field that is None takes what suits the model: its card or its family says so.
    `prompts` and `negative_prompts`, where given, name the text of each picture
    (an extension fills them in when pictures of one job differ).
    """

    picture_fields = ("references",)

    prompt: Prompt = ""
    negative_prompt: Prompt = ""
    model: Name | None = Field(default=None, description="Id of a model; None is the default one")
    sampler: Name | None = None
    schedule: Name | None = None
    steps: Steps | None = None
    cfg_scale: Guidance | None = None
    width: Size | None = None
    height: Size | None = None
    seed: Seed = Field(default=-1, description="-1 draws one when the job is accepted")
    variation_seed: Seed = -1
    variation_strength: Share = 0.0
    seed_resize_width: Amount = 0
    seed_resize_height: Amount = 0
    batch_count: int = Field(default=1, ge=1, le=100)
    batch_size: int = Field(default=1, ge=1, le=8)
    clip_skip: int | None = Field(default=None, ge=1, le=12)
    shift: Shift | None = Field(
        default=None,
        description="Of a flow's noise levels: more puts more steps where noise is strong",
    )
    noise_source: NoiseSource | None = Field(
        default=None, description="nv: as an NVIDIA card draws it, cpu: as torch's CPU does"
    )
    eta_noise_seed_delta: int = Field(default=0, ge=0, le=LARGEST_SEED)
    vae: Name | None = Field(
        default=None,
        description='An autoencoder by name; None: the one named like the model, "None": its own',
    )
    storage: Storage | None = Field(
        default=None,
        description="In how many bits a number the job's models are kept; None: as their cards say",
    )
    refiner: Refiner | None = None
    references: References = Field(
        default={}, description="Pictures that {image:name} in the prompt means; {image} is `1`"
    )
    prompts: tuple[Prompt, ...] = ()
    negative_prompts: tuple[Prompt, ...] = ()

    @property
    def images(self) -> int:
        return self.batch_count * self.batch_size


class Txt2Img(Drawing):
    """Pictures from text.

    reference_strength: how much may change of a picture that the drawing begins with.
    """

    picture_fields = ("references", "hires.image")

    kind: Literal["txt2img"] = "txt2img"
    prompt: Annotated[Prompt, Field(min_length=1)]  # pyright: ignore[reportGeneralTypeIssues]
    hires: Hires | None = None
    reference_strength: Share = 0.75

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("empty_prompt")
        return prompt


class Loopback(Part):
    """Each picture is the start of the next.

    Attributes:
        loops: pictures in a row.
        final_strength: that of the last; between, it follows the curve.
    """

    loops: int = Field(default=4, ge=2, le=32)
    final_strength: Share = 0.5
    curve: Curve = "linear"


class FromPicture(Drawing):
    """What every request has that begins with a picture.

    Attributes:
        strength: how much of the picture may change; 0 leaves it, 1 begins from noise.
        exact_steps: make as many steps as asked for, not `steps * strength`.
        color_correction: give the result the colours of the picture.
        extra_noise, noise_multiplier: A1111's settings of the same names.
        image_cfg_scale: how closely an edit model keeps to the picture.
        resize_mode: how the picture becomes `width` x `height`.
    """

    picture_fields = ("references", "image")

    image: PictureRef
    strength: Share = 0.75
    exact_steps: bool = False
    color_correction: bool = False
    extra_noise: Share = 0.0
    noise_multiplier: float = Field(default=1.0, ge=0, le=1.5)
    image_cfg_scale: float = Field(default=1.5, ge=0, le=3)
    resize_mode: ResizeMode = "just_resize"


class Img2Img(FromPicture):
    """Pictures from a picture.

    Attributes:
        width, height: None: in the picture's proportions, as large as suits the model.
        scale: size by the picture's, in place of width and height.
        upscaler: enlarges the picture where that is needed.
        loopback: go on from the result.
    """

    kind: Literal["img2img"] = "img2img"
    scale: float | None = Field(default=None, ge=0.05, le=4)
    upscaler: Name | None = None
    loopback: Loopback | None = None

    @property
    def images(self) -> int:
        return super().images * (self.loopback.loops if self.loopback else 1)


class SoftInpaint(Part):
    """Soft inpainting (differential diffusion), A1111's fields and defaults."""

    schedule_bias: float = Field(default=1.0, ge=0, le=8)
    preservation_strength: float = Field(default=0.5, ge=0, le=8)
    transition_contrast_boost: float = Field(default=4.0, ge=1, le=32)
    mask_influence: Share = 0.0
    difference_threshold: float = Field(default=0.5, ge=0, le=8)
    difference_contrast: float = Field(default=2.0, ge=0, le=8)


class Inpaint(FromPicture):
    """Part of a picture drawn anew. Outside the mask not one pixel changes.

    Attributes:
        width, height: of what is drawn; None: chosen from mask and model, and the result has
            the picture's own size. Given, they mean what they do in A1111.
        mask: white is drawn anew; None: where the picture is transparent.
        invert: what is not white is drawn anew instead.
        mask_blur: of the mask's edge, in pixels (A1111's 0..64).
        content: what stands under the mask before the first step.
        area: draw the whole picture, or only the mask's surroundings at their own size.
        padding: how much of these surroundings, in pixels of the picture.
        soft: soften the border by the strength of the mask.
        mask_weight: how strongly an inpainting model keeps to the mask.
        intent: what is wanted; chooses the fields that are left out (see `webui.core.intents`).
    """

    picture_fields = ("references", "image", "mask")

    kind: Literal["inpaint"] = "inpaint"
    mask: PictureRef | None = None
    invert: bool = False
    mask_blur: int = Field(default=4, ge=0, le=64)
    content: Content = "original"
    area: Area = "whole"
    padding: int = Field(default=32, ge=0, le=256)
    soft: SoftInpaint | None = None
    mask_weight: Share = 1.0
    intent: Intent | None = None


class Outpaint(FromPicture):
    """A picture continued beyond its borders.

    Attributes:
        left, right, up, down: pixels to add on each side.
        width, height: of what is drawn at a time; None: chosen from the model.
        mask_blur: width of the seam, in pixels of the picture.
        strength: of the drawing of what is new.
    """

    kind: Literal["outpaint"] = "outpaint"
    left: Amount = 0
    right: Amount = 0
    up: Amount = 0
    down: Amount = 0
    mask_blur: int = Field(default=8, ge=0, le=64)
    strength: Share = 0.95


class TiledDiffusion(Part):
    """An enlarged picture drawn over tile by tile, which adds detail. None: what suits the model.

    Attributes:
        strength: how much may change.
        tile, overlap: pixels; a tile of None is the model's own size.
    """

    prompt: Prompt = ""
    negative_prompt: Prompt = ""
    model: Name | None = None
    sampler: Name | None = None
    schedule: Name | None = None
    steps: Steps | None = None
    cfg_scale: Guidance | None = None
    strength: Share = 0.35
    seed: Seed = -1
    tile: Size | None = None
    overlap: int = Field(default=32, ge=0, le=512)


class Upscale(Request):
    """A picture enlarged, or all pictures of a job.

    Attributes:
        image: the picture.
        job: in its place, whose pictures; those that are there when the job is over.
        frames: how many those may be; the job says so, and what a client writes does not count.
        by: factor; `width` and `height`, where given, take its place.
        crop: where both are given: fill them and cut off what is too much; else fit into them.
        upscaler: name from the menu of upscalers of pictures.
        upscaler_2, mix: a second one, and its share of the result.
        diffusion, storage: draw over the result, tile by tile; how many bits its model is kept in.
    """

    picture_fields = ("image",)

    kind: Literal["upscale"] = "upscale"
    image: PictureRef | None = None
    job: JobId | None = None
    frames: int = Field(default=0, ge=0, le=MOST_FRAMES)
    by: float = Field(default=2.0, ge=1, le=8)
    width: int = Field(default=0, ge=0, le=LARGEST_SIDE)
    height: int = Field(default=0, ge=0, le=LARGEST_SIDE)
    crop: bool = True
    upscaler: Name = "Lanczos"
    upscaler_2: Name | None = None
    mix: Share = 0.0
    restorer: Name | None = Field(default=None, description="Mends faces; from the menu")
    restorer_share: Share = 1.0
    diffusion: TiledDiffusion | None = None
    storage: Storage | None = None

    @property
    def images(self) -> int:
        return self.frames if self.job else 1


class Caption(Request):
    """A picture put into words, which are the job's text; by the menu's first if none is named."""

    picture_fields = ("image",)

    kind: Literal["caption"] = "caption"
    image: PictureRef
    captioner: Name | None = None

    @property
    def images(self) -> int:
        return 0


class Preprocess(Request):
    """The map of a picture that a ControlNet is shown, as a picture.

    Attributes:
        preprocessor: name from the menu.
        resolution: pixels of the picture's shorter side before it is looked at; None: as it is.
        options: the preprocessor's own.
    """

    picture_fields = ("image",)

    kind: Literal["preprocess"] = "preprocess"
    image: PictureRef
    preprocessor: Name
    resolution: int | None = Field(default=None, ge=64, le=4096)
    options: Mapping[str, Any] = {}


KINDS: Mapping[str, type[Request]] = {
    "txt2img": Txt2Img,
    "img2img": Img2Img,
    "inpaint": Inpaint,
    "outpaint": Outpaint,
    "upscale": Upscale,
    "caption": Caption,
    "preprocess": Preprocess,
    "animation": Animation,
    "film": Film,
    "interpolate": Interpolate,
    "download": Download,
    "merge": Merge,
    "convert": Convert,
    "hash": Hash,
    "plot": Plot,
}
"""A name and a class a request kind."""

AnyRequest = Annotated[
    Txt2Img
    | Img2Img
    | Inpaint
    | Outpaint
    | Upscale
    | Caption
    | Preprocess
    | Animation
    | Film
    | Interpolate
    | Download
    | Merge
    | Convert
    | Hash
    | Plot,
    Field(discriminator="kind"),
]
"""The union on `kind`; grows by one name a request kind."""

REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(AnyRequest)
