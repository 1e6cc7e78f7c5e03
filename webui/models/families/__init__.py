"""One file an architecture. To add one, write its file and name it here."""

from __future__ import annotations

from collections.abc import Mapping

from webui.models.families.sd1 import SD1
from webui.models.family import Family

FAMILIES: Mapping[str, Family] = {family.name: family for family in (SD1(),)}
