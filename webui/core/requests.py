"""What can be asked for: frozen values that serialise to JSON, the same for every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

SIZE_STEP = 8
LARGEST_SEED = 2**64 - 1
PROMPT_LIMIT = 20_000
"""Characters; far above what any text encoder reads, far below what hurts."""

ImageFormat = Literal["png", "jpeg", "webp", "avif"]
NoiseSource = Literal["nv", "cpu"]

Prompt = Annotated[str, Field(max_length=PROMPT_LIMIT)]
Size = Annotated[int, Field(ge=64, le=2048, multiple_of=SIZE_STEP)]
Seed = Annotated[int, Field(ge=-1, le=LARGEST_SEED)]
Extensions = Mapping[Annotated[str, Field(max_length=64)], Mapping[str, Any]]


class Request(BaseModel):
    """What every request has. `with_` is the only way to change one: it validates."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    extensions: Extensions = Field(default={}, description="Each extension's own values")

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated as a whole."""
        return type(self).model_validate({**self.model_dump(), **changes})


class Txt2Img(Request):
    """Pictures from text.

    A field that is None takes what suits the model: its card or its family says so.
    `prompts` and `negative_prompts`, where given, name the text of each picture
    (an extension fills them in when pictures of one job differ).
    """

    kind: Literal["txt2img"] = "txt2img"
    prompt: Annotated[Prompt, Field(min_length=1)]
    negative_prompt: Prompt = ""
    model: str | None = Field(default=None, description="Id of a model; None is the default one")
    sampler: str | None = None
    schedule: str | None = None
    steps: int | None = Field(default=None, ge=1, le=150)
    cfg_scale: float | None = Field(default=None, ge=1, le=30)
    width: Size | None = None
    height: Size | None = None
    seed: Seed = Field(default=-1, description="-1 draws one when the job is accepted")
    variation_seed: Seed = -1
    variation_strength: float = Field(default=0.0, ge=0, le=1)
    seed_resize_width: int = Field(default=0, ge=0, le=2048)
    seed_resize_height: int = Field(default=0, ge=0, le=2048)
    batch_count: int = Field(default=1, ge=1, le=100)
    batch_size: int = Field(default=1, ge=1, le=8)
    clip_skip: int | None = Field(default=None, ge=1, le=12)
    noise_source: NoiseSource | None = Field(
        default=None, description="nv: as an NVIDIA card draws it, cpu: as torch's CPU does"
    )
    eta_noise_seed_delta: int = Field(default=0, ge=0, le=LARGEST_SEED)
    image_format: ImageFormat | None = None
    prompts: tuple[Prompt, ...] = ()
    negative_prompts: tuple[Prompt, ...] = ()

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("empty_prompt")
        return prompt

    @property
    def images(self) -> int:
        """How many pictures the job makes."""
        return self.batch_count * self.batch_size


AnyRequest = Txt2Img
"""The union on `kind`; grows by one name a request kind."""

REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(AnyRequest)
