"""The build id: changes when the page's own files do."""

from __future__ import annotations

import hashlib
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")


def fingerprint(folder: Path) -> str:
    """Ten hex digits of the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:10]


BUILD = fingerprint(ASSETS)
