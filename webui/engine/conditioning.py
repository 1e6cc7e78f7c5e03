"""From the words of a batch to the branches that guide it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from PIL import Image

from webui.core.participants import Cond, Embedding
from webui.engine.options import Options
from webui.models.family import Model, Sighted
from webui.prompt.grammar import Branch, plan_negative, plan_prompt, read_prompts

Role = Literal["positive", "negative"]


@dataclass(frozen=True)
class Words:
    """The prompt and the negative prompt of one picture."""

    prompt: str
    negative: str


def conditioning(
    model: Model,
    batch: Sequence[Words],
    calls: int,
    clip_skip: int = 1,
    hires_calls: int | None = None,
    options: Options | None = None,
    pictures: Sequence[Sequence[Image.Image]] = (),
) -> list[Cond]:
    """Read the words of a batch. Tags of networks are for others, see `recipes.passes.walk`.

    Args:
        batch: one entry a picture.
        calls: what prompt schedules count: the steps, doubled for second-order samplers.
        clip_skip: 1 reads the text encoder's last layer, 2 the one before, …
        hires_calls: the same of the second pass, to read the words for that one.
        options: how schedules are read, and whether lengths are made equal.
        pictures: what a model sees beside the words that can, for each entry; none if empty.
    """
    options = options or Options()
    reader = _Reader(model, clip_skip, pictures)
    conds: list[Cond] = []
    timeline = (calls, hires_calls, options.old_schedules)
    for image, words in enumerate(batch):
        read = read_prompts(words.prompt, words.negative)
        for branch in plan_prompt(read.positive, *timeline):
            conds.append(reader.cond("positive", image, branch))
        conds.append(reader.cond("negative", image, plan_negative(read.negative, *timeline)))
    if options.pad_texts == "empty":
        return _padded(conds, model.encode_texts([""], clip_skip)[0])
    return _fitted(conds) if options.pad_texts == "last" else conds


class _Reader:
    """Encodes a branch's texts in one call, so that they have one length; each branch once."""

    def __init__(
        self, model: Model, clip_skip: int, pictures: Sequence[Sequence[Image.Image]]
    ) -> None:
        self._model = model
        self._pictures = pictures
        self._clip_skip = clip_skip
        self._read: dict[tuple[object, ...], tuple[tuple[int, Embedding], ...]] = {}

    def cond(self, role: Role, image: int, branch: Branch) -> Cond:
        seen = self._pictures[image] if self._pictures else ()
        key = branch, role, *map(id, seen)
        if key not in self._read:
            if isinstance(self._model, Sighted):
                self._model.look(seen)
            texts = list(dict.fromkeys(text for _, text in branch.schedule))
            read = self._model.encode_texts(texts, self._clip_skip, negative=role == "negative")
            embeddings = dict(zip(texts, read, strict=True))
            self._read[key] = tuple((last, embeddings[text]) for last, text in branch.schedule)
        return Cond(role, image, branch.weight, self._read[key])


def _padded(conds: Sequence[Cond], empty: Embedding) -> list[Cond]:
    """All as long as the longest, with empty chunks behind."""
    longest = max(len(one.tokens) for cond in conds for _, one in cond.schedule)

    def longer(one: Embedding) -> Embedding:
        missing = (longest - len(one.tokens)) // len(empty.tokens)
        return replace(one, tokens=torch.cat([one.tokens, *[empty.tokens] * missing]))

    return [_changed(cond, longer) for cond in conds]


def _fitted(conds: Sequence[Cond]) -> list[Cond]:
    """The negative ones as long as the longest positive one."""
    positive = [cond for cond in conds if cond.role == "positive"]
    length = max(len(one.tokens) for cond in positive for _, one in cond.schedule)

    def fitted(one: Embedding) -> Embedding:
        missing = max(length - len(one.tokens), 0)
        last = one.tokens[-1:].expand(missing, -1)
        return replace(one, tokens=torch.cat([one.tokens, last])[:length])

    return [cond if cond.role == "positive" else _changed(cond, fitted) for cond in conds]


def _changed(cond: Cond, change: Callable[[Embedding], Embedding]) -> Cond:
    return replace(cond, schedule=tuple((last, change(one)) for last, one in cond.schedule))
