"""A file that came from the net: what it is, by what is in it, and how to call it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

from webui.core.errors import UserError
from webui.core.files import explained
from webui.core.kinds import MODEL_KINDS, ModelKind
from webui.library.gguf import read_gguf
from webui.library.kinds import recognised
from webui.library.pickles import read_pickle
from webui.library.places import FILES, PICKLES
from webui.library.weights import SUFFIX, Header, read_header

_EXTENDED_NAME = re.compile(
    r"filename\*\s*=\s*\"?(?:utf-8|(?P<latin>iso-8859-1))'[^']*'(?P<name>[^;\s\"]+)", re.IGNORECASE
)
"""RFC 5987's way to write letters of all languages; it counts more than the plain one."""


def look_for(pickles: bool, name: str) -> Callable[[bytes], None]:
    """See that a file is one of weights by its first bytes, before gigabytes of it are here."""

    def look(head: bytes) -> None:
        if ending_of(head) is None:
            raise UserError("download_no_model", name=name)
        if ending_of(head) in PICKLES and not pickles:
            raise UserError("download_pickle", name=name)

    return look


def ending_of(head: bytes) -> str | None:
    """The ending that suits a file's first bytes; None if it holds no weights."""
    if head[:4] == b"GGUF":
        return ".gguf"
    if head[:2] == b"PK" or head[:1] == b"\x80":
        return ".pt"
    if len(head) > 8 and head[8:9] == b"{" and head[5:8] == b"\0\0\0":
        return SUFFIX
    return None


def recognise(path: Path, name: str) -> tuple[str, ModelKind]:
    """Ending and kind of a file, told by what is in it.

    Raises:
        UserError: it is damaged, or more than weights.
    """
    with explained(path.parent, name), path.open("rb") as file:
        ending = ending_of(file.read(16))
    if ending == SUFFIX:
        header = read_header(path, name)
    elif ending == ".gguf":
        header = read_gguf(path, name).header
    else:
        pickled = read_pickle(path, name)
        if pickled.foreign is not None:
            raise UserError("model_pickle_foreign", file=name, name=pickled.foreign[:100])
        own = os.path.splitext(name)[1].lower()
        ending = own if own in PICKLES else ".pt"
        if "string_to_param" in pickled.names:
            return ending, "embedding"
        names = (one for one in pickled.names if "." in one)
        header = Header({**dict.fromkeys(names, ()), **pickled.header.shapes}, {}, {})
    kind = recognised(header).kind
    assert kind in MODEL_KINDS
    return ending, kind


def told_name(disposition: str) -> str | None:
    """The name that a server gives a file, of the header `Content-Disposition`."""
    if match := _EXTENDED_NAME.search(disposition):
        name = unquote(match["name"], "latin-1" if match["latin"] else "utf-8")
    else:
        message = Message()
        message["content-disposition"] = disposition.replace("\n", " ").replace("\r", " ")
        name = message.get_filename()
    return re.split(r"[/\\]", name)[-1] or None if name else None


def shown_name(url: str) -> str:
    """The last part of an address."""
    parts = urlsplit(url)
    name = unquote(parts.path.rstrip("/").rpartition("/")[2]) or (parts.hostname or "")
    return name[:100]


def without_ending(name: str) -> str:
    """A name without the ending of a file of weights."""
    stem, ending = os.path.splitext(name)
    return stem if ending.lower() in FILES else name
