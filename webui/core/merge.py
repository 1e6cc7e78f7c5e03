"""What can be asked for of checkpoints as files: one made of several, and one made anew."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webui.core.request import Name, Request

MergeMethod = Literal["weighted_sum", "add_difference", "slerp", "triple_sum"]
Precision = Literal["fp32", "fp16", "bf16", "fp8"]
"""fp8 is that of the network's matrices; all else has 16 bits then."""
Layout = Literal["single", "folder"]
Taken = Literal["merged", "a", "b", "c"]
Multiplier = Annotated[float, Field(ge=-2, le=3)]
"""0 is all of the one, 1 all of the other; beyond, what sets them apart is exaggerated."""


class NewModel(Request):
    """What every request has that writes a checkpoint: the job's text is its place on disk.

    The file is called `file_name`, in the folder `folder` below that of the checkpoints.

    Attributes:
        precision: of the result's numbers; None: as they are in the (first) model.
        prune: leave out what nothing draws with (averages of the training, EMA).
        bake_vae: an autoencoder by name that takes the place of the model's.
    """

    precision: Precision | None = None
    prune: bool = False
    bake_vae: Name | None = None

    @property
    def images(self) -> int:
        return 0


class Merge(NewModel):
    """A checkpoint made of two or three.

    Attributes:
        method: weighted_sum A + (B - A) m; add_difference A + (B - C) m; slerp: from A to B on an
            arc; triple_sum A + (B - A) m + (C - A) n.
        multiplier: m.
        multiplier_2: n.
        blocks: m of each block of the UNet, see `webui.library.blocks.read_blocks`.
        text_encoder, vae: merged as the rest, or that of one of the models.
    """

    kind: Literal["merge"] = "merge"
    model_a: Name
    model_b: Name
    model_c: Name | None = None
    method: MergeMethod = "weighted_sum"
    multiplier: Multiplier = 0.5
    multiplier_2: Multiplier = 0.5
    blocks: str = Field(default="", max_length=2000)
    text_encoder: Taken = "merged"
    vae: Taken = "merged"


class Convert(NewModel):
    """A checkpoint written anew, as `.safetensors`: other numbers, without what is not needed.

    Attributes:
        extract: write only this part of it.
        layout: one file, or a folder of diffusers; None: as it is.
    """

    kind: Literal["convert"] = "convert"
    model: Name
    extract: Literal["vae"] | None = None
    layout: Layout | None = None
