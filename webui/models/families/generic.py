"""Any other pipeline of diffusers that makes pictures from text, from a folder.

The engine's samplers, schedules and participants do not reach it: text, size, steps, guidance and
seed do. Nothing is fetched, only safetensors are read, and no code of the folder is run.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from PIL import Image

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.recognition import INDEX
from webui.library.weights import read_config
from webui.models.devices import flow_dtype
from webui.models.family import LoadProgress
from webui.models.memory.pipelines import PipelinePlacement
from webui.models.whole import Asked, StepDone

_LIBRARIES = ("diffusers", "transformers")
"""Whose classes a folder may name; anything else would be code of its own."""
_SCALES = ("true_cfg_scale", "guidance_scale")
"""What the scale of guidance may be called; of both the first is the one that is computed."""
_OTHER = frozenset({"image", "video", "num_frames", "audio_end_in_s"})
"""Arguments of pipelines that work on more than a text, or do not make pictures."""


class GenericPipeline:
    """A loaded pipeline (see `webui.models.whole.WholePipeline`)."""

    def __init__(self, info: ModelInfo, pipe: Any) -> None:
        """Take a pipeline whose parts are in the machine's memory."""
        self.info = info
        self._pipe = pipe
        self.placement = PipelinePlacement(pipe)
        self._takes = inspect.signature(type(pipe).__call__).parameters
        pipe.set_progress_bar_config(disable=True)

    def draw(self, asked: Asked, step_done: StepDone) -> Image.Image:
        """See `WholePipeline.draw`.

        Raises:
            UserError: the pipeline cannot draw that, or gives no picture.
        """
        try:
            with torch.inference_mode():
                result = self._pipe(**self._arguments(asked), **self._told(asked, step_done))
        except (ValueError, TypeError) as error:
            name = Path(self.info.path).name
            raise UserError("pipeline_refuses", file=name, reason=str(error)) from error
        images = getattr(result, "images", None)
        if not isinstance(images, list) or not images or not isinstance(images[0], Image.Image):
            raise UserError(
                "model_unsupported", file=self.info.id, family=type(self._pipe).__name__
            )
        return images[0].convert("RGB")

    # what the engine asks of every model that a prompt may change: nothing here can be
    def reads(self, words: object) -> bool:
        return False

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]:
        return frozenset()

    def _arguments(self, asked: Asked) -> Mapping[str, Any]:
        """What is asked for, by the names of this pipeline's arguments."""
        guided = asked.cfg_scale > 1
        scale = next((name for name in _SCALES if name in self._takes), "guidance_scale")
        wanted: dict[str, Any] = {
            "prompt": asked.prompt,
            "negative_prompt": asked.negative if guided else None,
            "width": asked.width,
            "height": asked.height,
            "num_inference_steps": asked.steps,
            scale: asked.cfg_scale,
            "generator": torch.Generator("cpu").manual_seed(asked.seed),
            "output_type": "pil",
        }
        if wanted["negative_prompt"] is None:
            del wanted["negative_prompt"]
        return {name: value for name, value in wanted.items() if name in self._takes}

    def _told(self, asked: Asked, step_done: StepDone) -> Mapping[str, Any]:
        """By which argument this pipeline tells of its steps."""

        def ended(pipe: Any, index: int, t: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            step_done(index + 1, asked.steps)
            return tensors

        def done(index: int, t: Any, latents: Any) -> None:
            step_done(index + 1, asked.steps)

        if "callback_on_step_end" in self._takes:
            return {"callback_on_step_end": ended}
        return {"callback": done, "callback_steps": 1} if "callback" in self._takes else {}


class Generic:
    """How to load one."""

    name = "diffusers"

    def load(
        self, info: ModelInfo, device: torch.device, progress: LoadProgress
    ) -> GenericPipeline:
        """See `webui.models.family.Family`.

        Raises:
            UserError: it is no folder of a pipeline that makes pictures from text, or damaged.
        """
        folder = Path(info.path)
        index = read_config(folder / INDEX, f"{folder.name}/{INDEX}")
        kind = _kind(folder.name, index)
        _check_parts(kind, folder.name, index)
        progress(0, info.bytes)
        try:
            pipe = kind.from_pretrained(
                folder,
                dtype=flow_dtype(device),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
            )
        except (OSError, ValueError, TypeError, LookupError, ImportError, RuntimeError) as error:
            raise UserError("pipeline_refuses", file=folder.name, reason=str(error)) from error
        progress(info.bytes, info.bytes)
        return GenericPipeline(info, pipe)


def _kind(name: str, index: Mapping[str, Any]) -> Any:
    """The pipeline's class, if all that the folder names are classes of the libraries."""
    shown = str(index.get("_class_name"))
    kind = getattr(diffusers, shown, None)
    known = inspect.isclass(kind) and issubclass(kind, DiffusionPipeline)
    foreign = [
        entry[0]
        for part, entry in index.items()
        if not part.startswith("_")
        and isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[1], str)
        and entry[0] not in _LIBRARIES
        and entry[0] not in _own_modules(kind)
    ]
    if not known or foreign or not _draws(kind):
        raise UserError(
            "model_unsupported", "model", file=name, family=foreign[0] if foreign else shown
        )
    return kind


def _check_parts(kind: Any, name: str, index: Mapping[str, Any]) -> None:
    """Some are published without a part, which is to be brought along.

    Raises:
        UserError: a part that it needs is not there.
    """
    for one in inspect.signature(kind.__init__).parameters.values():
        needed = one.default is inspect.Parameter.empty and one.kind == one.POSITIONAL_OR_KEYWORD
        optional = one.name == "self" or one.name in kind._optional_components
        if needed and not optional and index.get(one.name) in (None, [None, None]):
            raise UserError("model_part_missing", file=name, part=one.name)


def _own_modules(kind: Any) -> tuple[str, ...]:
    """The name by which a folder calls a pipeline's own module of diffusers."""
    module = getattr(kind, "__module__", "")
    parts = module.split(".")
    return (parts[-2],) if module.startswith("diffusers.pipelines.") and len(parts) > 2 else ()


def _draws(kind: Any) -> bool:
    """Whether it makes pictures from a text, and needs nothing else."""
    takes = inspect.signature(kind.__call__).parameters
    needed = [
        one.name
        for one in takes.values()
        if one.default is inspect.Parameter.empty
        and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        and one.name not in ("self", "prompt")
    ]
    return "prompt" in takes and not needed and not takes.keys() & _OTHER
