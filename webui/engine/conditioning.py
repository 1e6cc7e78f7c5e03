"""From the words of a batch to the branches that guide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from webui.core.errors import UserError
from webui.core.participants import Cond, Embedding
from webui.models.family import Model
from webui.prompt.grammar import Branch, plan_negative, plan_prompt, read_prompts


@dataclass(frozen=True)
class Words:
    """The prompt and the negative prompt of one picture."""

    prompt: str
    negative: str


def conditioning(
    model: Model, batch: Sequence[Words], calls: int, clip_skip: int = 1
) -> list[Cond]:
    """Read the words of a batch.

    Args:
        batch: one entry a picture.
        calls: what prompt schedules count: the steps, doubled for second-order samplers.
        clip_skip: 1 reads the text encoder's last layer, 2 the one before, …

    Raises:
        UserError: the prompt names a network, which this version cannot add to the model.
    """
    reader = _Reader(model, clip_skip)
    conds: list[Cond] = []
    for image, words in enumerate(batch):
        read = read_prompts(words.prompt, words.negative)
        if read.networks:
            tag = f"<{read.networks[0].kind}:{':'.join(read.networks[0].items)}>"
            raise UserError("networks", "prompt", tag=tag)
        for branch in plan_prompt(read.positive, calls):
            conds.append(reader.cond("positive", image, branch))
        conds.append(reader.cond("negative", image, plan_negative(read.negative, calls)))
    return conds


class _Reader:
    """Encodes a branch's texts in one call, so that they have one length; each branch once."""

    def __init__(self, model: Model, clip_skip: int) -> None:
        self._model = model
        self._clip_skip = clip_skip
        self._read: dict[Branch, tuple[tuple[int, Embedding], ...]] = {}

    def cond(self, role: Literal["positive", "negative"], image: int, branch: Branch) -> Cond:
        if branch not in self._read:
            texts = list(dict.fromkeys(text for _, text in branch.schedule))
            embeddings = dict(
                zip(texts, self._model.encode_texts(texts, self._clip_skip), strict=True)
            )
            self._read[branch] = tuple((last, embeddings[text]) for last, text in branch.schedule)
        return Cond(role, image, branch.weight, self._read[branch])
