"""What can be asked for of the net."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from webui.core.kinds import ModelKind
from webui.core.request import Request

Precision = Literal["fp16", "full"]


class Download(Request):
    """A model brought here from the net: the job makes no picture but a text, its place on disk.

    Attributes:
        source: an https address, `owner/name[/file][@revision]` of the hub, or
            `civitai:model[@version]`.
        to: whose folder it goes to; None: what its header says it is.
        precision: of a model that its maker published in both.
        sha256: of the file, where the user knows it.
        allow_pickle: take a file that could run code when it is loaded, if only weights are seen
            in it.
    """

    kind: Literal["download"] = "download"
    source: str = Field(max_length=2000)
    to: ModelKind | None = None
    precision: Precision = "fp16"
    sha256: str | None = Field(default=None, max_length=64)
    allow_pickle: bool = False

    @property
    def images(self) -> int:
        return 0

    @field_validator("sha256")
    @classmethod
    def _is_hash(cls, sha256: str | None) -> str | None:
        if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            raise ValueError("not_a_sha256")
        return sha256.lower() if sha256 else None
