"""The build id: changes when the page's own files do."""

from __future__ import annotations

import hashlib
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")


def fingerprint(folder: Path) -> str:
    """Ten hex digits of the names and contents of all files in a folder and below it."""
    digest = hashlib.sha256()
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = file.relative_to(folder).as_posix()
        digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:10]


BUILD = fingerprint(ASSETS)
