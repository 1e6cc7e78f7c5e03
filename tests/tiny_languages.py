"""Tiny random language models that newer families read texts with, and their tokenizers."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import (
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
)

from webui.models.checkpoint import CONFIGS

WIDTH = 32
LAYERS = 3
MARKS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"),
    *("<|vision_start|>", "<|vision_end|>", "<|image_pad|>"),
    *("<s>", "<pad>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[INST]", "[/INST]"),
)

_QWEN3 = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)
"""What Qwen3's own template does with a message of a user."""
_MISTRAL = (
    "{{- '<s>' }}{%- for message in messages %}"
    "{%- set mark = 'SYSTEM_PROMPT' if message.role == 'system' else 'INST' %}"
    "{{- '[' + mark + ']' + message.content[0].text + '[/' + mark + ']' }}{%- endfor %}"
)
"""What Mistral Small's own template does with texts."""


def qwen3(layers: int = LAYERS) -> Qwen3Model:
    model = Qwen3Model(
        Qwen3Config(
            vocab_size=size_of_vocabulary(),
            hidden_size=WIDTH,
            intermediate_size=48,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
        )
    )
    for layer in model.layers:
        torch.nn.init.normal_(layer.self_attn.q_norm.weight, 1.0, 0.2)
    return model


def mistral(layers: int) -> Mistral3ForConditionalGeneration:
    text = {
        "vocab_size": size_of_vocabulary(),
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "sliding_window": None,
    }
    sight = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
    sight |= {"num_attention_heads": 2, "head_dim": 8, "image_size": 28, "patch_size": 14}
    config = Mistral3Config(
        text_config={"model_type": "mistral", **text},
        vision_config={"model_type": "pixtral", **sight},
        image_token_index=size_of_vocabulary() - 1,
    )
    return Mistral3ForConditionalGeneration(config)


def qwen_vl() -> Qwen2_5_VLForConditionalGeneration:
    text = {
        "vocab_size": size_of_vocabulary(),
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [1, 1, 2],
            "rope_theta": 1e6,
        },
    }
    sight = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_heads": 2,
        "out_hidden_size": WIDTH,
        "fullatt_block_indexes": [1],
    }
    ids = {
        f"{name}_token_id": size_of_vocabulary() - len(MARKS) + MARKS.index(mark)
        for name, mark in (("image", "<|image_pad|>"), ("vision_start", "<|vision_start|>"))
    }
    config = Qwen2_5_VLConfig(text_config=text, vision_config=sight, **ids)
    return Qwen2_5_VLForConditionalGeneration(config)


def size_of_vocabulary() -> int:
    return 256 + len(_MERGES) + len(MARKS)


def write_qwen_tokenizer(folder: Path, *, whole: bool = True) -> Path:
    """A byte for a token, and a few words; `whole`: as one `tokenizer.json`, not the two files."""
    vocabulary = {one: number for number, one in enumerate((*_bytes(), *map("".join, _MERGES)))}
    tokenizer = Qwen2Tokenizer(
        vocab=vocabulary,
        merges=list(_MERGES),
        extra_special_tokens=list(MARKS[1:]),
        chat_template=_QWEN3,
    )
    tokenizer.save_pretrained(folder)
    if not whole:
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        lines = [" ".join(pair) for pair in _MERGES]
        (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


_MERGES = (("r", "e"), ("re", "d"), ("p", "p"), ("Ġ", "red"), ("l", "e"), ("Ġ", "a"))


def mistral_tokenizer() -> Qwen2Tokenizer:
    """The same words under the marks of Mistral, filled up in front."""
    vocabulary = {one: number for number, one in enumerate((*_bytes(), *map("".join, _MERGES)))}
    return Qwen2Tokenizer(
        vocab=vocabulary,
        merges=list(_MERGES),
        extra_special_tokens=list(MARKS[1:]),
        chat_template=_MISTRAL,
        pad_token="<pad>",
        padding_side="left",
    )


def _bytes() -> list[str]:
    """The letters that stand for bytes; those of GPT-2, as CLIP has them, too."""
    words = json.loads((CONFIGS / "sd1" / "tokenizer" / "vocab.json").read_text("utf-8"))
    return [one for one in list(words)[:256] if len(one) == 1]
