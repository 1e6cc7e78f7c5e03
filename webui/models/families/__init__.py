"""One file an architecture. To add one, write its file and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from webui.models.families.chroma import Chroma
from webui.models.families.flux import Flux
from webui.models.families.flux2 import Flux2
from webui.models.families.generic import Generic
from webui.models.families.qwen_image import QwenImage
from webui.models.families.sd1 import SD1
from webui.models.families.sd2 import SD2
from webui.models.families.sd3 import SD3
from webui.models.families.sdxl import SDXL, SDXLRefiner
from webui.models.families.z_image import ZImage
from webui.models.family import Family

_ALL: tuple[Family, ...] = (
    SD1(),
    SD2(),
    SDXL(),
    SDXLRefiner(),
    SD3(),
    Flux(),
    Chroma(),
    ZImage(),
    QwenImage(),
    Flux2(),
    Generic(),
)

FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}
