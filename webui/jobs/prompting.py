"""What prompts name of models: told to forms, and what is missing before a job waits.

Nothing is called missing while files are still read, and no name that wildcards are yet to fill
in: the worker tells of those.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from webui.core.errors import Problem, UserError
from webui.core.explain import SHOWN, clipped, problem
from webui.core.hashing import Hash
from webui.core.kinds import MODEL_KINDS
from webui.core.requests import Drawing, Request, Txt2Img, Upscale
from webui.library.catalog import Catalog
from webui.library.entries import Entry, Row, plain
from webui.prompt.grammar import strip_comments
from webui.prompt.learned import embeddings_in
from webui.prompt.networks import LORA, read_lora, split_networks

_NEAR = 3
"""Names that are offered at most for one that is not there."""
_DRAWN = re.compile(r"__|[{}$|]")
"""What wildcards and choices are written with."""
_PROMPTS = "prompts"
"""The parameter of an animation that holds its texts."""
_NO_FILE = ("automatic", "none")
"""What `vae` may say beside names (see `webui.models.vae`)."""


Text = tuple[str, str, str]
"""Field, prompt, negative prompt of something that is drawn."""


class NamedModel(BaseModel):
    """A LoRA or an embedding that a prompt names.

    Attributes:
        name: as the prompt writes it.
        id: None: there is none of that name.
    """

    model_config = ConfigDict(frozen=True)

    field: Literal["prompt", "negative_prompt"]
    kind: Literal["lora", "embedding"]
    name: str
    id: str | None = None
    title: str | None = None
    family: str | None = None
    preview: str | None = None
    problem: Problem | None = None


def named_models(prompt: str, negative_prompt: str, catalog: Catalog) -> tuple[NamedModel, ...]:
    """What two prompts name, each once, in the order of the words. Asked while people type, so
    it goes by what is known of the folders and does not look at them again."""
    found: list[NamedModel] = []
    listing = catalog.listing()
    words, networks = split_networks(strip_comments(prompt))
    tags = (one.items[0].strip() for one in networks if one.kind in LORA)
    for name in dict.fromkeys(filter(None, tags)):
        row = listing.find("lora", name)
        found.append(_named("prompt", "lora", name, listing.entry(row) if row else None))
    learned = [row for row in listing.rows if row.kind == "embedding"]
    texts = {"prompt": words, "negative_prompt": strip_comments(negative_prompt)}
    for field, text in texts.items():
        for _, name, row in sorted(_learned_in(text, learned), key=lambda one: one[0]):
            found.append(_named(field, "embedding", name, listing.entry(row)))
    return tuple(found)


def _learned_in(text: str, learned: Iterable[Row]) -> Iterator[tuple[int, str, Row]]:
    """Place, name and embedding of those that a text has as words of their own."""
    letters = plain(text)
    for row in learned:
        name = row.name.rpartition("/")[2]
        if plain(name) in letters:  # quick: there may be thousands
            if at := re.search(rf"(?<!\w){re.escape(plain(name))}(?!\w)", letters):
                yield at.start(), name, row


def _named(field: str, kind: str, name: str, entry: Entry | None) -> NamedModel:
    told = {"id": entry.id, "title": entry.title or entry.name.rpartition("/")[2]} if entry else {}
    more = ("family", "preview", "problem")
    told |= {one: getattr(entry, one) for one in more} if entry else {}
    return NamedModel.model_validate({"field": field, "kind": kind, "name": name, **told})


def missing_models(request: Request, catalog: Catalog) -> list[Problem]:
    """Problems with the models that a request's prompts, its `vae` or a `hash` name."""
    problems = {one.message: one for one in _in_texts(_texts(request), catalog)}
    if isinstance(request, Drawing) and request.vae:
        problems |= {one.message: one for one in _vae(request.vae, catalog)}
    if isinstance(request, Hash) and request.model:
        kinds = (request.of,) if request.of else MODEL_KINDS
        if not any(catalog.find(kind, request.model) for kind in kinds):
            return list(_missing("model", request.of, "model", request.model, catalog))
    return list(problems.values())


def missing_in_frames(
    positive: Iterable[str], negative: Iterable[str], vae: str | None, catalog: Catalog
) -> list[Problem]:
    """Problems with the models that an animation's prompts and its `vae` name.

    Args:
        positive, negative: of every frame.
    """
    field = f"settings.{_PROMPTS}"
    texts = [(field, one, "") for one in dict.fromkeys(positive)]
    texts += [(field, "", one) for one in dict.fromkeys(negative)]
    return [*_in_texts(texts, catalog), *(_vae(vae, catalog) if vae else ())]


def _texts(request: Request) -> Iterator[Text]:
    if isinstance(request, Drawing):
        for prompt in (request.prompt, *request.prompts):
            yield "prompt", prompt, ""
        for negative in (request.negative_prompt, *request.negative_prompts):
            yield "negative_prompt", "", negative
    if isinstance(request, Txt2Img) and request.hires:
        yield "hires.prompt", request.hires.prompt, request.hires.negative_prompt
    if isinstance(request, Upscale) and request.diffusion:
        yield "diffusion.prompt", request.diffusion.prompt, request.diffusion.negative_prompt


def _in_texts(texts: Iterable[Text], catalog: Catalog) -> Iterator[Problem]:
    """Each that is missing once, at the first text that names it."""
    named: dict[tuple[str, str], str] = {}
    told: dict[str, Problem] = {}
    for field, positive, negative in texts:
        try:
            for one in _names_in(positive, negative):
                named.setdefault(one, field)
        except UserError as error:  # a strength that is no number
            problem = error.problem.model_copy(update={"field": field})
            told.setdefault(problem.message, problem)
    yield from told.values()
    for (kind, name), field in named.items():
        yield from _model(kind, field, name, catalog)


def _names_in(positive: str, negative: str) -> Iterator[tuple[str, str]]:
    """Kind and name. Tags of LoRAs count in prompts only: in negative ones they are text, as in
    A1111."""
    words, networks = split_networks(strip_comments(positive))
    for name in embeddings_in(f"{words}\n{strip_comments(negative)}"):
        yield "embedding", name
    for network in networks:
        if network.kind in LORA:
            yield "lora", read_lora(network).name


def _vae(name: str, catalog: Catalog) -> Iterator[Problem]:
    if name.strip().casefold() not in _NO_FILE:
        yield from _model("vae", "vae", name.strip(), catalog)


def _model(kind: str, field: str, name: str, catalog: Catalog) -> Iterator[Problem]:
    found = catalog.find(kind, name) if name else None
    if found is not None:
        if found.problem is not None:
            yield found.problem.model_copy(update={"field": field})
        return
    if _DRAWN.search(name) and kind != "vae":
        return
    yield from _missing(kind, kind, field, name, catalog)


def _missing(
    word: str, kind: str | None, field: str, name: str, catalog: Catalog
) -> Iterator[Problem]:
    page = catalog.entries(kind, limit=None)
    if page.whole:
        near = _nearest(name, (one.name for one in page.entries if one.problem is None))
        code = f"missing_{word}_near" if near else f"missing_{word}"
        yield problem(code, field, name=clipped(name), **({"near": near} if near else {}))


def _nearest(name: str, known: Iterable[str]) -> str:
    """The names that may have been meant, the nearest first; empty where there is none."""
    names: dict[str, str] = {}
    for one in known:
        names.setdefault(plain(one), one)
        names.setdefault(plain(one).rpartition("/")[2], one)
    wanted = plain(name[:SHOWN])
    found = difflib.get_close_matches(wanted, names, n=_NEAR, cutoff=0.5)
    found += [one for one in names if wanted and wanted in one]
    return ", ".join(list(dict.fromkeys(names[one] for one in found))[:_NEAR])
