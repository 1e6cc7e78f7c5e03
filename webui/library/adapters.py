"""LoRAs of all kinds: which algorithm, for which models, and by which words they are called.

Told by the names of their weights, which differ by the trainer (kohya, diffusers, LyCORIS, the
makers of a model), by the width of the text encoder that a cross-attention takes, and by what
kohya's trainer notes (`ss_…`) or the modelspec (`modelspec.…`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

from webui.library.keys import Keys

Shape = tuple[int, ...]

WIDTHS: Mapping[int, str] = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl-refiner"}
"""Numbers a token that a cross-attention of a UNet takes -> family."""

_ALGORITHMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loha", ("_hada_w0_a_\n",)),
    ("lokr", ("_lokr_w0_\n", "_lokr_w0_a_\n")),
    ("oft", ("_oft_blocks_\n", "_oft_diag_\n", "_oft_R_weight_\n")),
    ("glora", ("_a0_weight_\n",)),
    ("ia3", ("_on_input_\n",)),
    (
        "lora",
        (
            *("_lora_down_", "_lora_up_", "_lora_A_", "_lora_B_", "_lora_linear_layer_"),
            *("_lora0_down_", "_lora0_up_"),  # XLabs, for Flux
        ),
    ),
    ("full", ("_diff_\n", "_diff_b_\n")),
    ("norm", ("_w_norm_\n",)),
)
"""Algorithm -> marks of its names, see `Keys`; the first that is found counts."""
_DORA = ("_dora_scale_", "_lora_magnitude_vector_")
_DOWN = tuple(
    f"{name}{end}.weight"
    for name in (
        *("lora_down", "lora.down", "lora_A", "lora.A", "lora_linear_layer.down"),
        *("lora1.down", "lora2.down"),
    )
    for end in ("", ".default")
)
_INNER = (*_DOWN, ".hada_w1_b")
"""How the names of matrices end that a LoRA puts what comes in through first: (rank, in)."""

_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("flux2", ("double_stream_modulation", "single_stream_modulation")),
    ("chroma", ("distilled_guidance_layer",)),
    ("sd3", ("joint_blocks",)),
    ("hunyuan-video", ("individual_token_refiner", "_img_mlp_fc0_")),
    ("flux", ("_double_blocks_", "_single_blocks_", "_single_transformer_blocks_")),
    ("qwen-image", ("_transformer_blocks_0_img_mlp_", "_transformer_blocks_0_txt_mlp_")),
    ("lumina2", ("noise_refiner", "context_refiner", "_layers_0_attention_", "_layers_0_feed_")),
    ("wan", ("_blocks_0_cross_attn_", "_blocks_0_self_attn_")),
    ("pixart", ("adaln_single", "caption_projection")),
    ("sd3", ("_attn_add_k_proj_", "_attn_add_q_proj_", "_attn_add_v_proj_", "_attn_to_add_out_")),
)
"""Family -> marks of the names of its weights; the first that is found counts."""
_ALIKE = (
    frozenset({"flux", "chroma", "hunyuan-video"}),
    frozenset({"lumina2", "z-image"}),
)
"""Families whose LoRAs have the same names: what the trainer noted tells them apart."""
_CROSS = re.compile(r"attn2[._](processor[._])?to_[kv][._]")
_TEXT = re.compile(r"lora_te1?_|text_encoder\.")
_BASES: tuple[tuple[str, str], ...] = (
    (r"refiner", "sdxl-refiner"),
    (r"stable-diffusion-xl|sdxl|pony|illustrious|noobai", "sdxl"),
    (r"stable-diffusion-v?3|sd[_ ]?3|sd3", "sd3"),
    (r"stable-diffusion-v?2|sd[_ ]?v?2", "sd2"),
    (r"stable-diffusion-v?1|sd[_ ]?v?1", "sd1"),
    (r"flux[-_. ]?2", "flux2"),
    (r"flux", "flux"),
    (r"chroma", "chroma"),
    (r"qwen", "qwen-image"),
    (r"z[-_ ]?image", "z-image"),
    (r"lumina", "lumina2"),
    (r"wan", "wan"),
    (r"hunyuan", "hunyuan-video"),
    (r"pixart", "pixart"),
)
_NAMED = tuple((re.compile(pattern), family) for pattern, family in _BASES)

MOST_WORDS = 12
MOST_TAGS = 40
_LONGEST_WORD = 200
_OFTEN = 0.8
"""A word in so large a part of the captions calls what was trained."""


@dataclass(frozen=True)
class Adapter:
    """What a file of a LoRA tells.

    Attributes:
        algorithm: `lora`, `dora`, `locon`, `loha`, `lokr`, `oft`, `glora`, `ia3`, `full`, `norm`.
        family: of the models that it fits; None if nothing tells.
        rank: of its matrices, where it has such.
    """

    algorithm: str
    family: str | None
    rank: int | None


def is_adapter(keys: Keys) -> bool:
    """Whether any weight is one of a LoRA."""
    return _algorithm(keys) is not None


def adapter_of(shapes: Mapping[str, Shape], keys: Keys) -> Adapter:
    """What a LoRA is, from its weights' names and shapes."""
    downs = {name: shape for name, shape in shapes.items() if name.endswith(_INNER)}
    algorithm = _algorithm(keys) or "lora"
    if keys.have(*_DORA):
        algorithm = "dora" if algorithm == "lora" else f"{algorithm} dora"
    elif algorithm == "lora" and any(_is_convolution(shape) for shape in downs.values()):
        algorithm = "locon"
    rank = next((min(shape[:2]) for shape in downs.values() if shape), None)
    return Adapter(algorithm, _family(shapes, keys), rank)


def family_named(text: str) -> str | None:
    """The family that people or trainers call so: `sd_v1`, `SDXL 1.0`, `Pony`, `Flux.1 D`."""
    low = text.lower()
    return next((family for pattern, family in _NAMED if pattern.search(low)), None)


def noted_family(metadata: Mapping[str, str]) -> str | None:
    """The family that the trainer wrote down."""
    told = [
        metadata.get(name, "")
        for name in ("modelspec.architecture", "ss_base_model_version", "baseModel")
    ]
    if found := next((family for one in told if (family := family_named(one))), None):
        return found
    return {"True": "sd2"}.get(metadata.get("ss_v2", ""))


def fitting_family(family: str | None, metadata: Mapping[str, str]) -> str | None:
    """What names and shapes tell, completed by what the trainer wrote down."""
    noted = noted_family(metadata)
    unsure = family is None or any({family, noted} <= names for names in _ALIKE)
    return noted if unsure else family


def trained_tags(metadata: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """The words of the captions it was trained with and how often, the most frequent first."""
    counts: Counter[str] = Counter()
    for words in _object(metadata.get("ss_tag_frequency", "")).values():
        if isinstance(words, dict):
            for word, count in cast(dict[str, Any], words).items():
                if isinstance(count, int) and (plain := word.strip()):
                    counts[plain[:_LONGEST_WORD]] += count
    return tuple(counts.most_common(MOST_TAGS))


def trained_words(metadata: Mapping[str, str], tags: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """The words that call it: as it says, else those in nearly all of its captions.

    Args:
        tags: as `trained_tags` has them.
    """
    if said := metadata.get("modelspec.trigger_phrase", "").strip():
        return tidy([said])
    return tidy(word for word, count in tags if count >= _OFTEN * tags[0][1])


def tidy(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, without commas at the ends, not too many and none too long."""
    plain = (word.strip().strip(",").strip()[:_LONGEST_WORD] for word in words)
    return tuple(dict.fromkeys(word for word in plain if word))[:MOST_WORDS]


def _algorithm(keys: Keys) -> str | None:
    return next((name for name, marks in _ALGORITHMS if keys.have(*marks)), None)


def _is_convolution(shape: Shape) -> bool:
    return len(shape) == 4 and shape[2:] != (1, 1)


def _family(shapes: Mapping[str, Shape], keys: Keys) -> str | None:
    found = next((family for family, marks in _FAMILIES if keys.have(*marks)), None)
    if found is None and _is_xl(keys):
        return "sdxl"
    return found or _family_by_width(shapes)


def _is_xl(keys: Keys) -> bool:
    """Whether it has what only SDXL has: a second encoder, or a block with a second layer."""
    if "lora_te2_" in keys.raw or "text_encoder_2." in keys.raw:
        return True
    second = "transformer_blocks_1_" in keys.raw or "transformer_blocks.1." in keys.raw
    return second and keys.have("_attentions_", "_input_blocks_", "_output_blocks_")


def _family_by_width(shapes: Mapping[str, Shape]) -> str | None:
    """By what a cross-attention takes, else by what a text encoder takes."""
    for place in (_CROSS, _TEXT):
        for name in shapes:
            if place.search(name) and (family := WIDTHS.get(_taken(name, shapes))):
                return family
    return None


def _taken(name: str, shapes: Mapping[str, Shape]) -> int:
    """How many numbers the layer takes that a weight is for; 0 if this weight does not tell.

    A LoKr is a Kronecker product, of two matrices that are whole or products themselves.
    """
    shape = shapes[name]
    if len(shape) < 2:
        return 0
    if name.endswith((*_INNER, ".diff")):
        return shape[1]
    if name.endswith((".lokr_w1", ".lokr_w1_b")):
        layer = name[: name.rindex(".lokr_w1")]
        others = (shapes.get(f"{layer}.lokr_w2{end}", ()) for end in ("", "_b"))
        return next((shape[1] * other[1] for other in others if len(other) > 1), 0)
    return 0


def _object(text: str) -> dict[str, Any]:
    try:
        value: object = from_json(text)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}
