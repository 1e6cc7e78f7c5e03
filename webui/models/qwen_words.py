"""Qwen's tokenizer, which ships with the program: no single file of a model holds it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import Qwen2Tokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

QWEN_WORDS = Path(__file__).parent / "configs" / "qwen"

_MARKS = (
    *("<|im_start|>", "<|im_end|>"),
    *(f"<|{one}_{end}|>" for one in ("object_ref", "box", "quad") for end in ("start", "end")),
    *("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
    *("<tool_call>", "</tool_call>"),
    *(f"<|fim_{one}|>" for one in ("prefix", "middle", "suffix", "pad")),
    *("<|repo_name|>", "<|file_sep|>"),
    *("<tool_response>", "</tool_response>", "<think>", "</think>"),
)
"""In the order of their numbers, which follow that of `<|endoftext|>`."""


@cache
def qwen_tokenizer() -> Tokenizer:
    """Of Qwen2.5 and Qwen3."""
    lines = (QWEN_WORDS / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges: Any = [tuple(line.split(" ")) for line in lines]
    words = [*bytes_to_unicode().values(), *map("".join, merges)]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(words))}
    whole: Any = Qwen2Tokenizer(vocab=vocabulary, merges=merges, extra_special_tokens=list(_MARKS))
    return whole.backend_tokenizer
