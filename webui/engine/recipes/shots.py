"""Which pictures a request asks for: the words and seeds of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from webui.core.film import Interpolate
from webui.core.requests import LARGEST_SEED, Drawing, Img2Img, Request, Txt2Img, Upscale
from webui.engine.conditioning import Words
from webui.prompt.grammar import merge_negative, split_negatives, strip_comments
from webui.prompt.learned import with_bare_names
from webui.prompt.networks import Network, split_networks
from webui.prompt.references import numbered, references_in

SEEDS = LARGEST_SEED + 1


@dataclass(frozen=True)
class Shot:
    """One picture to make.

    Attributes:
        index: place among the job's pictures.
        words: its prompts, inline negatives already moved.
        seed, variation_seed: of its noise.
    """

    index: int
    words: Words
    seed: int
    variation_seed: int


def shots(request: Request) -> list[Shot]:
    """The pictures of a request, as A1111 counts seeds.

    Each picture's seed is one higher than the last one's; with a variation strength the seed
    stays and the variation seed counts. What is not drawn has neither words nor seeds.
    """
    if not isinstance(request, Drawing):
        return [Shot(index, Words("", ""), 0, 0) for index in range(request.images)]
    moving = request.variation_strength == 0
    return [
        Shot(
            index,
            words(request, index),
            (request.seed + (index if moving else 0)) % SEEDS,
            (request.variation_seed + index) % SEEDS,
        )
        for index in range(request.images)
    ]


def words(request: Drawing, index: int, called: str = "") -> Words:
    """The prompts of one picture, comments gone, inline negatives in the negative prompt.

    Args:
        called: what the model calls pictures that it is shown, if it is shown some.
    """
    prompt = request.prompts[index] if request.prompts else request.prompt
    negative = request.negative_prompt
    if request.negative_prompts:
        negative = request.negative_prompts[index]
    if called:
        prompt = numbered(prompt, list(request.references), called)
    return plain(prompt, negative)


def networks(request: Request) -> list[Network]:
    """All that the prompts of a request name."""
    prompts = [shot.words.prompt for shot in shots(request)]
    if isinstance(request, Txt2Img) and request.hires:
        prompts.append(request.hires.prompt)
    if isinstance(request, Upscale) and request.diffusion:
        prompts.append(request.diffusion.prompt)
    named = (one for prompt in prompts for one in split_networks(strip_comments(prompt))[1])
    return list({(one.kind, one.items): one for one in named}.values())


def plain(prompt: str, negative: str) -> Words:
    """Both prompts without comments and names of pictures, inline negatives moved, embeddings by
    their bare names."""
    positive, inline = split_negatives(strip_comments(prompt))
    merged = merge_negative(strip_comments(negative), inline)
    return Words(with_bare_names(references_in(positive).text), with_bare_names(merged))


def batches(request: Request, done: Collection[int] = ()) -> Iterator[list[Shot]]:
    """The pictures still to make, those that are made together in one list.

    Pictures for which other networks join the model are made apart from each other. Loops of a
    loopback hang on each other: such a list begins with the first loop, made or not.

    Args:
        done: indices of the pictures that are finished.
    """
    pictures = shots(request)
    chained = isinstance(request, Img2Img) and request.loopback is not None
    together = len(pictures)
    if isinstance(request, Drawing):
        together //= request.batch_count
    if isinstance(request, Upscale):
        together = 1
    if isinstance(request, Interpolate):
        together = request.times
    for start in range(0, len(pictures), together):
        batch = pictures[start : start + together]
        missing = [shot for shot in batch if shot.index not in done]
        if missing and chained:
            yield batch[: missing[-1].index - start + 1]
        elif missing:
            yield from _alike(missing)


def _alike(batch: Sequence[Shot]) -> Iterator[list[Shot]]:
    """A batch in parts, so that the same networks join the model for all pictures of one."""
    for _, part in groupby(batch, lambda shot: split_networks(shot.words.prompt)[1]):
        yield list(part)
