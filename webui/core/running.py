"""The running server's note to the shell: where it is, and the key that opens it.

The file outlives a server that was killed, so it proves nothing: who reads it asks the address
whether it answers to this key's fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from webui.core.files import write_atomically


@dataclass(frozen=True)
class Running:
    """A server.

    Attributes:
        address: such as `http://127.0.0.1:7860`.
        key: opens it.
        page: it serves the page; a shell's own server does not, and ends with the shell.
    """

    address: str
    key: str
    page: bool = True


def fingerprint(key: str) -> str:
    """Says which server it is that a key opens, and nothing of the key."""
    return hashlib.sha256(f"easel {key}".encode()).hexdigest()[:16]


def write_running(path: Path, running: Running) -> None:
    """Leave the note; only the user may read it.

    Raises:
        UserError: the folder cannot be written.
    """
    write_atomically(path, json.dumps(asdict(running)).encode())


def read_running(path: Path) -> Running | None:
    """The note, if there is a whole one."""
    try:
        return Running(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
