"""Mistral's tokenizer, which ships with the program: no single file of a model holds it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

MISTRAL_WORDS = Path(__file__).parent / "configs" / "mistral"

_MARKS = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]"),
    *("[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    "[TOOL_CONTENT]",
)
"""In the order of their numbers, the first of all."""
_MOST_MARKS = 1000
_APART = Regex(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What no word reaches beyond: words that begin with one large letter, digits, signs, spaces."""


@cache
def mistral_tokenizer() -> Tokenizer:
    """Of Mistral Small 3 (Tekken), without a mark of its own at the beginning."""
    marks = [*_MARKS, *(f"<SPECIAL_{number}>" for number in range(len(_MARKS), _MOST_MARKS))]
    words = (MISTRAL_WORDS / "words.txt").read_text(encoding="utf-8").split()
    numbers = {word: number for number, word in enumerate([*marks, *words])}
    whole: Any = Tokenizer(models.BPE(vocab=numbers, merges=_merges(words)))
    split = pre_tokenizers.Split(_APART, behavior="isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    whole.pre_tokenizer = pre_tokenizers.Sequence([split, letters])
    whole.decoder = decoders.ByteLevel()
    whole.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    return whole


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Every pair of words that makes a word: earlier words are made first."""
    order = {word: place for place, word in enumerate(words)}
    merges: list[tuple[str, str]] = []
    for word in words:
        halves = ((word[:cut], word[cut:]) for cut in range(1, len(word)))
        pairs = [(left, right) for left, right in halves if left in order and right in order]
        merges += sorted(pairs, key=lambda pair: (order[pair[0]], order[pair[1]]))
    return merges
