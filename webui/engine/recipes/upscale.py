"""A picture enlarged, by one upscaler or two, and drawn over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from webui.core.errors import UserError
from webui.core.pictures import PictureRef
from webui.core.requests import Upscale
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.tiled import redrawn
from webui.engine.recipes.told import finished
from webui.engine.recipes.tools import Drawn, Tools
from webui.imaging.resize import UpscaledSize, upscaled_size
from webui.prompt.infotext import VERSION, Parameters, Value, in_order, parse_infotext, with_sizes

_OWN = ("Postprocess ", "Tiled diffusion ")
"""How the parameters begin that are said here."""


def upscale(request: Upscale, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """Each picture by itself, see `tools.Recipe`. An alpha channel is kept, never drawn over.

    Of a job's pictures, those that are not there (any more) are left out.
    """
    for shot in batch:
        ref = request.image or f"picture:{request.job}-{shot.index}"
        if request.image or tools.has(ref):
            yield _upscaled(request, ref, shot.index, tools)


def _upscaled(request: Upscale, ref: PictureRef, index: int, tools: Tools) -> Drawn:
    source = tools.picture(ref)
    to = (request.width, request.height)
    size = upscaled_size(source.width, source.height, request.by, *to, request.crop)
    tools.phase("upscaling")
    image = _middle(_enlarged(request, source, size, tools), size)
    image = _with_faces(request, image, tools)
    values = _values(request, size)
    seed = 0
    if request.diffusion:
        seed = max(request.diffusion.seed, 0)
        drawn_over, said = redrawn(request.diffusion, image.convert("RGB"), tools)
        values |= said
        if image.mode == "RGBA":
            drawn_over.putalpha(image.getchannel("A"))
        image = drawn_over
    parameters = _parameters(tools.infotext(ref), values)
    return Drawn(index, seed, finished(image, tools.participants), parameters)


def _enlarged(
    request: Upscale, source: Image.Image, size: UpscaledSize, tools: Tools
) -> Image.Image:
    whole = (size.whole_width, size.whole_height)
    first = tools.upscale(request.upscaler, source, *whole)
    if not _mixes(request):
        return first
    second = tools.upscale(str(request.upscaler_2), source, *whole)
    return Image.blend(first, second, request.mix)


def _with_faces(request: Upscale, image: Image.Image, tools: Tools) -> Image.Image:
    """Faces mended, to the share asked for; alpha stays as it is."""
    if not request.restorer or not request.restorer_share:
        return image
    colours = image.convert("RGB")
    mended = tools.restored(request.restorer, colours).convert("RGB")
    if mended.size != colours.size:
        raise UserError("restorer_size", "restorer", name=request.restorer)
    mended = Image.blend(colours, mended, request.restorer_share)
    if image.mode == "RGBA":
        mended.putalpha(image.getchannel("A"))
    return mended


def _mixes(request: Upscale) -> bool:
    return request.upscaler_2 not in (None, "None") and request.mix > 0


def _middle(image: Image.Image, size: UpscaledSize) -> Image.Image:
    """What is left of the enlarged picture when it is cropped, as A1111 places it."""
    left = image.width // 2 - size.width // 2
    top = image.height // 2 - size.height // 2
    if image.size == (size.width, size.height):
        return image
    return image.crop((left, top, left + size.width, top + size.height))


def _values(request: Upscale, size: UpscaledSize) -> dict[str, Value]:
    """A1111's words for it; the share of the second upscaler has none there."""
    values: dict[str, Value] = {}
    if request.width or request.height:
        values["Postprocess upscale to"] = f"{size.width}x{size.height}"
    else:
        values["Postprocess upscale by"] = f"{request.by:g}"
    if (size.whole_width, size.whole_height) != (size.width, size.height):
        values["Postprocess crop to"] = f"{size.width}x{size.height}"
    values["Postprocess upscaler"] = request.upscaler
    if request.restorer and request.restorer_share:
        values["Postprocess restorer"] = request.restorer
        values["Postprocess restorer visibility"] = request.restorer_share
    if _mixes(request):
        values["Postprocess upscaler 2"] = request.upscaler_2
        values["Postprocess upscaler 2 visibility"] = request.mix
    return values


def _parameters(infotext: str, values: Mapping[str, Value]) -> Parameters:
    """The source's own parameters, but for what an earlier upscaling said, and these."""
    source = parse_infotext(infotext)
    kept = {
        key: value for key, value in with_sizes(source.values).items() if not key.startswith(_OWN)
    }
    said = in_order({"Version": VERSION, **kept, **values})
    return Parameters(source.prompt, source.negative_prompt, said)
