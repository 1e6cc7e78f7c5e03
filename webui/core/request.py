"""What every request is: a frozen value that serialises to JSON, and the types of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from webui.core.pictures import PictureRef, refs_in, replaced

SIZE_STEP = 8
LARGEST_SEED = 2**64 - 1
PROMPT_LIMIT = 20_000
"""Characters; far above what any text encoder reads, far below what hurts."""
LARGEST_SIDE = 16_384
"""Pixels of a picture that is given or enlarged (not of one that a model draws in one go)."""

ImageFormat = Literal["png", "jpeg", "webp", "avif"]
NoiseSource = Literal["nv", "cpu"]
ResizeMode = Literal["just_resize", "crop", "fill", "latent"]
Content = Literal["fill", "original", "latent_noise", "latent_nothing"]
Area = Literal["whole", "masked"]
Intent = Literal["fill", "expand", "add", "remove", "replace_background"]
Curve = Literal["linear", "aggressive", "lazy"]
Storage = Literal["native", "fp8", "8bit", "4bit"]
"""In how many bits the matrices of a model's networks are kept; `native`: as the file has them."""

Prompt = Annotated[str, Field(max_length=PROMPT_LIMIT)]
Name = Annotated[str, Field(max_length=300)]
Size = Annotated[int, Field(ge=64, le=2048, multiple_of=SIZE_STEP)]
Amount = Annotated[int, Field(ge=0, le=2048)]
Share = Annotated[float, Field(ge=0, le=1)]
Steps = Annotated[int, Field(ge=1, le=150)]
Guidance = Annotated[float, Field(ge=1, le=30)]
Shift = Annotated[float, Field(ge=0.1, le=20)]
Seed = Annotated[int, Field(ge=-1, le=LARGEST_SEED)]
Extensions = Mapping[Annotated[str, Field(max_length=64)], Mapping[str, Any]]
References = Mapping[Annotated[str, Field(pattern=r"^[\w-]{1,64}$")], PictureRef]
FileName = Annotated[
    str, Field(max_length=200, pattern=r"^[^\x00-\x1f/\\<>:\"|?*. ][^\x00-\x1f/\\<>:\"|?*]*$")
]
"""One name, no path."""


class Part(BaseModel):
    """A group of a request's fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Request(Part):
    """What every request has. `with_` is the only way to change one: it validates."""

    picture_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that name pictures, as `image`, `hires.image`; also mappings to such names."""
    media_fields: ClassVar[tuple[str, ...]] = ()
    """Those of them where films and sounds may stand as well."""

    extensions: Extensions = Field(default={}, description="Each extension's own values")
    image_format: ImageFormat | None = None
    file_name: FileName | None = Field(
        default=None, description="Name of the result's file, without ending; None: the pattern's"
    )
    folder: FileName | None = Field(
        default=None, description="Folder among the outputs for the result; None: the kind and day"
    )

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated as a whole."""
        return type(self).model_validate({**self.model_dump(), **changes})

    @property
    def images(self) -> int:
        """How many pictures the job makes."""
        return 1

    def pictures(self) -> Iterator[tuple[str, PictureRef]]:
        """Field and name of each picture that the request needs."""
        for path in self.picture_fields:
            value: Any = self
            for part in path.split("."):
                value = getattr(value, part, None)
            if isinstance(value, str):
                yield path, value
            elif isinstance(value, Mapping):
                for name, ref in value.items():  # pyright: ignore[reportUnknownVariableType]
                    yield f"{path}.{name}", str(ref)  # pyright: ignore[reportUnknownArgumentType]
        yield from refs_in(self.extensions, "extensions")

    def with_pictures(self, refs: Mapping[str, PictureRef]) -> Self:
        """A copy with other pictures, by field as `pictures` names them."""
        return type(self).model_validate(replaced(self.model_dump(), refs))
