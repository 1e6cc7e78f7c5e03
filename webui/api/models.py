"""Shapes of answers that are not values of the core."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from webui.core.errors import Problem
from webui.core.events import Job, Picture
from webui.core.extension import ExtensionInfo
from webui.core.offers import ModelInfo, PreprocessorInfo, ToolInfo, UpscalerInfo
from webui.core.sampling import SamplerInfo, ScheduleInfo


class About(BaseModel):
    """Which server this is."""

    name: str = "Easel"
    version: str
    fingerprint: str = Field(description="Differs from start to start")


class Submitted(Job):
    """A job that waits now."""

    warnings: tuple[Problem, ...] = Field(
        default=(), description="Worth knowing of it, as the plan of an animation tells it"
    )


class JobList(BaseModel):
    """Jobs, the newest first."""

    jobs: tuple[Job, ...]


class PictureList(BaseModel):
    """A page of a job's pictures, in their order."""

    total: int = Field(description="How many there are in all")
    pictures: tuple[Picture, ...]


class OfferList(BaseModel):
    """What there is to choose from."""

    models: tuple[ModelInfo, ...]
    default_model: str | None = Field(description="Of a request that names none; null if none fits")
    samplers: tuple[SamplerInfo, ...]
    schedules: tuple[ScheduleInfo, ...]
    upscalers: tuple[UpscalerInfo, ...]
    captioners: tuple[ToolInfo, ...] = Field(description="Extensions' that put a picture in words")
    restorers: tuple[ToolInfo, ...] = Field(description="Extensions' that mend faces")
    preprocessors: tuple[PreprocessorInfo, ...] = Field(
        description="Extensions' that make maps for ControlNets; `options` is a JSON schema"
    )
    interpolators: tuple[ToolInfo, ...] = Field(
        description="What draws pictures between two: optical flow, and extensions'"
    )
    device: str = Field(description="What the worker computes on; empty until it said so")


class ExtensionList(BaseModel):
    """All extensions that were found."""

    extensions: tuple[ExtensionInfo, ...]
    installed: tuple[str, ...] = Field(description="Names of those that were installed from here")


class PictureParameters(BaseModel):
    """What a picture file says about itself."""

    infotext: str | None = Field(description="As it stands in the file; null if there is none")
    parameters: dict[str, str | int | float | bool | None] = Field(
        description="Its last line, value by value"
    )
    fields: dict[str, Any] = Field(description="The request that it describes, as far as it goes")
    other: dict[str, str] = Field(description="All other texts in the file")
