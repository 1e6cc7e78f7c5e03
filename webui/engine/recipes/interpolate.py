"""A job's pictures, and others between each two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from webui.core.errors import UserError
from webui.core.film import Interpolate
from webui.core.pictures import PictureRef
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.tools import Drawn, Tools
from webui.prompt.infotext import Parameters, Value, parse_infotext, with_sizes


def interpolate(request: Interpolate, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """Those of a batch, see `tools.Recipe`: a picture as it is, and those up to the next one.

    Where one of the two is not there (any more), none is between.
    """
    for place, shots in groupby(batch, lambda shot: shot.index // request.times):
        first = _ref(request, place)
        if tools.has(first):
            yield from _after(request, first, _ref(request, place + 1), list(shots), tools)


def _ref(request: Interpolate, place: int) -> PictureRef:
    return f"picture:{request.job}-{place}"


def _after(
    request: Interpolate, first: PictureRef, second: PictureRef, shots: list[Shot], tools: Tools
) -> Iterator[Drawn]:
    said = parse_infotext(tools.infotext(first))
    told = str(said.values.get("Seed", ""))
    seed = int(told) if told.isdecimal() else 0
    picture = tools.picture(first).convert("RGB")
    if shots[0].index % request.times == 0:
        yield Drawn(shots[0].index, seed, picture, _parameters(said, {}))
        shots = shots[1:]
    if not shots or not tools.has(second):
        return
    other = tools.picture(second).convert("RGB")
    if other.size != picture.size:
        sizes = [f"{one.width} × {one.height}" for one in (picture, other)]
        raise UserError("film_sizes", first=sizes[0], other=sizes[1])
    tools.phase("interpolating")
    tools.check()
    shares = [shot.index % request.times / request.times for shot in shots]
    made = tools.interpolated(request.interpolator, picture, other, shares)
    for shot, share, image in zip(shots, shares, made, strict=True):
        values: dict[str, Value] = {"Interpolator": request.interpolator, "Share": f"{share:.3g}"}
        yield Drawn(shot.index, seed, image, _parameters(said, values))


def _parameters(source: Parameters, values: dict[str, Value]) -> Parameters:
    """The picture's own, and what is said of one between it and the next."""
    said = {**with_sizes(source.values), **values}
    return Parameters(source.prompt, source.negative_prompt, said)
