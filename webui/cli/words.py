"""The shell's language, and sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping

from webui.core.errors import worded as worded
from webui.core.texts import choose_language

_UNITS = ("B", "kB", "MB", "GB", "TB")


def shell_language(environment: Mapping[str, str] = os.environ) -> str:
    """The language that LC_ALL, LC_MESSAGES or LANG name (`pl_PL.UTF-8`), where we speak it."""
    wanted = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)),
        "",
    )
    return choose_language("auto", wanted.partition("_")[0])


def size(count: int) -> str:
    """Bytes for people: `6.9 GB`."""
    number, units = float(count), iter(_UNITS)
    unit = next(units)
    while number >= 999.5 and (larger := next(units, None)):
        number, unit = number / 1000, larger
    return f"{number:.3g} {unit}"
