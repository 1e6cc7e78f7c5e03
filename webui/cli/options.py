"""The options of the commands that make pictures: what each is called, and the field it fills.

Imports nothing heavy. Values go on as they were typed: the request checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

COMMANDS: Mapping[str, str] = {
    "generate": "make pictures from a text",
    "img2img": "make pictures from pictures",
    "inpaint": "draw part of a picture anew",
    "outpaint": "continue a picture beyond its borders",
    "upscale": "enlarge pictures",
}
"""Command -> what it does."""

KINDS: Mapping[str, str] = {name: name for name in COMMANDS} | {"generate": "txt2img"}
"""Command -> kind of its requests."""


class Option(NamedTuple):
    """One option.

    Attributes:
        field: of the request, with dots into its parts; a size fills two (`width height`).
        metavar: what stands for the value in the help; None for a switch.
        words: what it does.
        value: what the switch means.
    """

    field: str
    metavar: str | None
    words: str
    value: Any = True

    @property
    def fields(self) -> list[str]:
        """All that it fills."""
        return self.field.split()


class Group(NamedTuple):
    """Options that stand together in the help."""

    title: str
    options: Mapping[str, Option]


_MODEL = {
    "model": Option("model", "NAME", "model; without it the default one"),
    "sampler": Option("sampler", "NAME", "such as 'Euler a' or 'DPM++ 2M'"),
    "schedule": Option("schedule", "NAME", "such as Automatic or Karras"),
    "steps": Option("steps", "N", "steps of the sampler"),
    "cfg": Option("cfg_scale", "X", "how closely the prompt is followed"),
}
_STORAGE = {
    "storage": Option(
        "storage",
        "native|fp8|8bit|4bit",
        "keep the model in fewer bits, which takes less memory and more time",
    )
}
_FORMAT = {"format": Option("image_format", "NAME", "png, jpeg, webp or avif")}


def _drawing(width: str = "a multiple of 8", height: str = "a multiple of 8") -> dict[str, Option]:
    return {
        "negative": Option("negative_prompt", "TEXT", "what should not be seen"),
        **_MODEL,
        "width": Option("width", "PIXELS", width),
        "height": Option("height", "PIXELS", height),
        "seed": Option("seed", "N", "the same seed makes the same picture; -1 draws one"),
        "count": Option("batch_count", "N", "how many batches, one after the other"),
        "batch-size": Option("batch_size", "N", "how many pictures at once"),
        "clip-skip": Option("clip_skip", "N", "leave out the last N-1 layers of the text encoder"),
        "shift": Option("shift", "X", "of a flow's noise levels; without it the model's own"),
        "vae": Option("vae", "NAME", "an autoencoder; None for the model's own"),
        **_STORAGE,
        "noise-source": Option(
            "noise_source", "nv|cpu", "noise as an NVIDIA card or as the processor draws it"
        ),
        "variation-seed": Option("variation_seed", "N", "seed of the noise that is mixed in"),
        "variation-strength": Option("variation_strength", "X", "how much of it, 0 to 1"),
        **_FORMAT,
    }


_TO = "to this size, as 1024x768 (1024x0: as high as the proportions want)"
_REFINER = Group(
    "a second model that takes over (refiner)",
    {
        "refiner": Option("refiner.model", "NAME", "the model"),
        "refiner-at": Option("refiner.switch_at", "X", "after this share of the steps (0.8)"),
    },
)
_HIRES = Group(
    "a second, larger pass (hires; any of these turns it on)",
    {
        "hires": Option("hires.scale", "X", "this many times larger, 1 to 4 (2)"),
        "hires-to": Option("hires.width hires.height", "SIZE", f"{_TO}, in place of --hires"),
        "hires-upscaler": Option("hires.upscaler", "NAME", "what enlarges between them (Latent)"),
        "hires-strength": Option("hires.strength", "X", "how much may change, 0 to 1 (0.7)"),
        "hires-steps": Option("hires.steps", "N", "its steps (as many as the first pass)"),
        "hires-model": Option("hires.model", "NAME", "its model (the same)"),
        "hires-sampler": Option("hires.sampler", "NAME", "its sampler (the same)"),
        "hires-schedule": Option("hires.schedule", "NAME", "its schedule (the same)"),
        "hires-cfg": Option("hires.cfg_scale", "X", "how closely it follows the prompt"),
        "hires-prompt": Option("hires.prompt", "TEXT", "its prompt (the same)"),
        "hires-negative": Option("hires.negative_prompt", "TEXT", "its negative prompt"),
        "hires-image": Option(
            "hires.image", "FILE", "a finished picture that takes the place of the first pass"
        ),
    },
)
_STRENGTH = "how much of the picture may change, 0 to 1 ({0})"


def _picture(strength: str) -> dict[str, Option]:
    return {
        "strength": Option("strength", "X", _STRENGTH.format(strength)),
        "exact-steps": Option(
            "exact_steps", None, "make all the steps, not only their share by --strength"
        ),
        "resize-mode": Option(
            "resize_mode",
            "NAME",
            "how it becomes --width x --height: just_resize, crop, fill or latent",
        ),
        "color-correction": Option("color_correction", None, "give the result its colours"),
        "extra-noise": Option("extra_noise", "X", "noise added on top, 0 to 1 (0)"),
        "noise-multiplier": Option("noise_multiplier", "X", "of the noise it begins with (1)"),
        "image-cfg": Option(
            "image_cfg_scale", "X", "how closely an edit model keeps to the picture (1.5)"
        ),
    }


_IMG2IMG = Group(
    "the picture it begins with",
    _picture("0.75")
    | {
        "by": Option("scale", "X", "size by the picture's, in place of --width and --height"),
        "upscaler": Option("upscaler", "NAME", "what enlarges it where that is needed"),
        "loopback": Option("loopback.loops", "N", "go on from the result, N times in all"),
        "loopback-strength": Option("loopback.final_strength", "X", "strength of the last (0.5)"),
        "loopback-curve": Option("loopback.curve", "NAME", "linear, aggressive or lazy"),
    },
)
_MASK = Group(
    "the mask",
    {
        "mask": Option(
            "mask",
            "FILE",
            "white is drawn anew; a folder: the mask of the same name; "
            "without it, what is transparent is",
        ),
        "intent": Option(
            "intent",
            "NAME",
            "fill, add, remove, expand or replace_background: chooses all that you leave out",
        ),
        "invert": Option("invert", None, "draw anew what is not white"),
        "mask-blur": Option("mask_blur", "PIXELS", "soften its edge (4)"),
        "content": Option(
            "content",
            "NAME",
            "what lies under it at the start: original, fill, latent_noise or latent_nothing",
        ),
        "area": Option(
            "area", "NAME", "draw the whole picture, or only what is masked: whole or masked"
        ),
        "padding": Option("padding", "PIXELS", "how much around it is seen then (32)"),
        "mask-weight": Option("mask_weight", "X", "how strongly an inpainting model keeps to it"),
    },
)
_SOFT = Group(
    "soft inpainting (any of these turns it on)",
    {
        "soft": Option("soft", None, "soften the border by the strength of the mask", {}),
        "soft-bias": Option("soft.schedule_bias", "X", "when the original gives way (1)"),
        "soft-preservation": Option(
            "soft.preservation_strength", "X", "how long partly masked parts are kept (0.5)"
        ),
        "soft-contrast": Option(
            "soft.transition_contrast_boost", "X", "how sharply the two are told apart (4)"
        ),
        "soft-influence": Option(
            "soft.mask_influence", "X", "of the mask on the last blending (0)"
        ),
        "soft-threshold": Option(
            "soft.difference_threshold", "X", "how different a pixel must be to be taken (0.5)"
        ),
        "soft-difference": Option(
            "soft.difference_contrast", "X", "how sharp that threshold is (2)"
        ),
    },
)
_OUTPAINT = Group(
    "what is added",
    {
        side: Option(side, "PIXELS", f"on this side: {words}")
        for side, words in (
            ("left", "to the left"),
            ("right", "to the right"),
            ("up", "above"),
            ("down", "below"),
        )
    }
    | {"mask-blur": Option("mask_blur", "PIXELS", "width of the seam (8)")},
)
_UPSCALE = Group(
    "the size",
    {
        "job": Option("job", "ID", "all pictures of this job, in place of files"),
        "by": Option("by", "X", "this many times larger, 1 to 8 (2)"),
        "to": Option("width height", "SIZE", f"{_TO}, in place of --by"),
        "fit": Option("crop", None, "cut nothing off to fill --to, but fit into it", False),
        "upscaler": Option("upscaler", "NAME", "such as Lanczos or a file in models/upscalers"),
        "upscaler-2": Option("upscaler_2", "NAME", "a second one, mixed in"),
        "mix": Option("mix", "X", "its share of the result, 0 to 1"),
        "restorer": Option("restorer", "NAME", "mends faces; comes with an extension"),
        "restorer-share": Option("restorer_share", "X", "the mended part of the result, 0 to 1"),
        **_STORAGE,
        **_FORMAT,
    },
)
_DIFFUSION = Group(
    "drawing over it, tile by tile, which adds detail (any of these turns it on)",
    {
        "diffusion": Option("diffusion", None, "with what suits the model", {}),
        "prompt": Option("diffusion.prompt", "TEXT", "what should be seen"),
        "negative": Option("diffusion.negative_prompt", "TEXT", "what should not be seen"),
        "strength": Option("diffusion.strength", "X", _STRENGTH.format("0.35")),
        **{
            name: option._replace(field=f"diffusion.{option.field}")
            for name, option in _MODEL.items()
        },
        "seed": Option("diffusion.seed", "N", "of its noise; -1 draws one"),
        "tile": Option("diffusion.tile", "PIXELS", "size of a tile (the model's own)"),
        "overlap": Option("diffusion.overlap", "PIXELS", "of the tiles (32)"),
    },
)
_REFERENCE = {
    "image-strength": Option(
        "reference_strength", "X", "how much of the picture of --image may change, 0 to 1 (0.75)"
    ),
}
_LEFT_OUT = "(what is left out, suits the model)"
_OWN_SIZE = "of what is drawn, a multiple of 8 (chosen; the result keeps the picture's size)"

GROUPS: Mapping[str, tuple[Group, ...]] = {
    "generate": (
        Group(f"the picture {_LEFT_OUT}", _drawing() | _REFERENCE),
        _HIRES,
        _REFINER,
    ),
    "img2img": (_IMG2IMG, Group(f"the result {_LEFT_OUT}", _drawing()), _REFINER),
    "inpaint": (
        _MASK,
        Group("the picture it begins with", _picture("0.75")),
        _SOFT,
        Group(f"what is drawn {_LEFT_OUT}", _drawing(_OWN_SIZE, _OWN_SIZE)),
        _REFINER,
    ),
    "outpaint": (
        _OUTPAINT,
        Group("the picture it begins with", _picture("0.95")),
        Group(f"what is drawn {_LEFT_OUT}", _drawing(_OWN_SIZE, _OWN_SIZE)),
        _REFINER,
    ),
    "upscale": (_UPSCALE, _DIFFUSION),
}
"""Command -> its options, in the order of the help."""

PROMPTED = frozenset(COMMANDS) - {"upscale"}
"""Commands that say what should be seen."""
FROM_PICTURES = frozenset(COMMANDS) - {"generate"}
"""Commands that begin with pictures."""
PICTURES = frozenset({"mask", "hires.image"})
"""Fields whose options name files."""


def fields_of(command: str) -> frozenset[str]:
    """Every field that the options of a command fill, with dots into the parts of a request."""
    options = (one for group in GROUPS[command] for one in group.options.values())
    fields = {field for option in options for field in option.fields}
    return frozenset(fields | ({"prompt"} if command in PROMPTED else set()))
