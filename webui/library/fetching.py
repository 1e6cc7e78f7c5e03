"""One file brought from the net, whole or not at all: over broken lines, restarts and kills.

While it grows it is `KEY.part`, and `KEY.json` says what it is of. Another try goes on where it
ends, if the server says that the file is still the same.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import BaseModel, ValidationError

from webui.core.errors import UserError
from webui.core.events import Phase
from webui.core.files import explained, write_atomically
from webui.library.web import Answer, Broken, Web

ROOM = 256_000_000
"""Bytes that stay free on the disk."""
_PIECE = 1 << 20
_SNIFFED = 64
_TICK = 0.2
_LOOKED_AFTER = 64_000_000
"""Bytes after which the room on the disk is looked at again; others write there, too."""
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", re.ASCII)

Look = Callable[[bytes], None]
"""Given the first bytes of a file; raises UserError if they are of none that is wanted."""


class Watch(Protocol):
    """Who follows a download."""

    def check(self) -> None:
        """Called often; raises whatever is to end it."""

    def tell(self, phase: Phase, done: int, total: int | None) -> None:
        """So many bytes are there, of so many."""

    def keep(self) -> None:
        """Bytes came that are not lost in a crash."""


@dataclass(frozen=True)
class Patience:
    """Seconds.

    Attributes:
        first, most: without a byte after which it is given up: before the first, and later.
        back_off: before the next try, by how many failed in a row.
    """

    first: float = 60.0
    most: float = 300.0
    back_off: tuple[float, ...] = (1, 2, 5, 10, 20, 30)


@dataclass(frozen=True)
class Wanted:
    """A file on the net.

    Attributes:
        url: its address.
        name: how sentences call it.
        size: its bytes, if somebody told.
        sha256: of it, if somebody told.
    """

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A file that is there.

    Attributes:
        path: where, for now.
        disposition: what the server calls it, as its header `Content-Disposition`.
        url: where it lay after redirects.
    """

    path: Path
    size: int
    sha256: str
    disposition: str
    url: str


class _State(BaseModel):
    """What a part is of."""

    url: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    disposition: str = ""
    at: str = ""

    @property
    def mark(self) -> str | None:
        """Something that is another one when the file is; weak ETags are not enough."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


class Tries:
    """Waits before the next try, or gives up."""

    def __init__(self, patience: Patience, check: Callable[[], None], name: str) -> None:
        self._patience = patience
        self._check = check
        self._name = name
        self._failed = 0
        self._got = False
        self._since = time.monotonic()

    def got_on(self) -> None:
        """Something came."""
        self._failed = 0
        self._got = True
        self._since = time.monotonic()

    def failed(self, broken: Broken) -> None:
        """Wait a while.

        Raises:
            UserError: it takes too long.
        """
        steps = self._patience.back_off
        wait = max(steps[min(self._failed, len(steps) - 1)], broken.wait)
        self._failed += 1
        limit = self._patience.most if self._got else self._patience.first
        waited = time.monotonic() - self._since
        if waited + wait > limit:
            reason = " ".join(str(broken).split())[:200]
            raise UserError("download_broken", name=self._name, reason=reason) from broken
        end = time.monotonic() + wait
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _TICK))


class Fetch:
    """Brings one file into `part`."""

    def __init__(
        self,
        web: Web,
        wanted: Wanted,
        part: Path,
        watch: Watch,
        patience: Patience,
        look: Look | None = None,
        before: int = 0,
        total: int | None = None,
    ) -> None:
        """before, total: bytes of the files before it, and of all together."""
        self._web = web
        self._wanted = wanted
        self._part = part
        self._note = part.with_suffix(".json")
        self._watch = watch
        self._look = look
        self._before = before
        self._all = total
        self._tries = Tries(patience, watch.check, wanted.name)
        self._hash = hashlib.sha256()
        self._have = self._most = 0
        self._head = b""
        self._state = _State(url=wanted.url)

    def run(self) -> Fetched:
        """Fetch it, or what is missing of it.

        Raises:
            UserError: it cannot be had, is another file than it should be, or has no room.
        """
        with explained(self._part.parent, self._wanted.name):
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._restore()
            while not self._is_whole():
                try:
                    self._attempt()
                    break
                except Broken as broken:
                    self._tries.failed(broken)
            try:
                self._verify()
            except UserError:
                self.drop()
                raise
        state = self._state
        digest = self._hash.hexdigest()
        return Fetched(self._part, self._have, digest, state.disposition, state.at)

    def drop(self) -> None:
        """Forget what is there."""
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _restore(self) -> None:
        """Go on with what an earlier try left, if it is of the same file."""
        try:
            self._state = _State.model_validate_json(self._note.read_bytes())
            size = self._part.stat().st_size
        except (OSError, ValidationError):
            self._state, size = _State(url=self._wanted.url), 0
        total = self._wanted.size or self._state.total
        if self._state.url != self._wanted.url or (total is not None and size > total):
            self._state, size = _State(url=self._wanted.url), 0
        if size == 0:
            return self.drop()
        with self._part.open("rb") as file:
            while piece := file.read(_PIECE):
                self._watch.check()
                self._count(piece)

    def _is_whole(self) -> bool:
        total = self._wanted.size or self._state.total
        return bool(total) and self._have == total

    def _count(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._have += len(piece)
        if len(self._head) < _SNIFFED:
            self._head += piece[: _SNIFFED - len(self._head)]
            if self._look and len(self._head) >= _SNIFFED:
                self._look(self._head)

    def _attempt(self) -> None:
        headers: dict[str, str] = {}
        if self._have and (self._state.mark or self._wanted.sha256):
            headers["range"] = f"bytes={self._have}-"
            if self._state.mark:
                headers["if-range"] = self._state.mark
        with self._web.get(self._wanted.url, headers) as answer:
            total = self._begin(answer)
            with self._part.open("ab" if self._have else "wb") as file:
                self._copy(answer, file, total)
        if total is not None and self._have < total:
            raise Broken(f"{self._have} / {total}")

    def _begin(self, answer: Answer) -> int | None:
        """Go on, or anew where the server does not go on; returns how long the file will be."""
        total = self._going_on(answer)
        if total == 0:
            self._forget()
            if answer.status != 200:
                raise Broken(f"HTTP {answer.status}")
            total = answer.number("content-length")
        self._check_size(total)
        self._state = _State(
            url=self._wanted.url,
            etag=answer.headers.get("etag"),
            modified=answer.headers.get("last-modified"),
            total=total,
            disposition=answer.headers.get("content-disposition", ""),
            at=answer.url,
        )
        write_atomically(self._note, self._state.model_dump_json().encode())
        return total

    def _going_on(self, answer: Answer) -> int | None:
        """The file's length, None if the server does not know; 0 if it cannot be gone on with."""
        found = _RANGE.fullmatch(answer.headers.get("content-range", "").strip())
        etag = answer.headers.get("etag")
        other = etag and self._state.etag and etag != self._state.etag
        if answer.status != 206 or not found or int(found[1]) != self._have or other:
            return 0
        total = None if found[2] == "*" else int(found[2])
        return 0 if self._state.total and total and total != self._state.total else total

    def _check_size(self, total: int | None) -> None:
        wanted = self._wanted
        if wanted.size is not None and total is not None and total != wanted.size:
            raise UserError("download_size", name=wanted.name, have=total, want=wanted.size)
        length = total or wanted.size
        if length:
            check_room(self._part.parent, length - self._have)

    def _forget(self) -> None:
        self._have, self._head, self._hash = 0, b"", hashlib.sha256()
        self._part.unlink(missing_ok=True)

    def _copy(self, answer: Answer, file: BinaryIO, total: int | None) -> None:
        looked = self._have
        for piece in answer.pieces():
            self._watch.check()
            if self._have - looked > _LOOKED_AFTER:
                looked = self._have
                check_room(self._part.parent, len(piece))
            file.write(piece)
            try:
                self._count(piece)
            except UserError:
                file.close()
                self.drop()
                raise
            if self._have > self._most:  # a server that begins anew each time does not get on
                self._most = self._have
                self._tries.got_on()
                self._watch.keep()
            length = self._all or total or self._wanted.size
            self._watch.tell("downloading", self._before + self._have, length)
            if self._wanted.size is not None and self._have > self._wanted.size:
                return  # longer than it may be; said when it is looked at
        file.flush()
        os.fsync(file.fileno())

    def _verify(self) -> None:
        wanted, digest = self._wanted, self._hash.hexdigest()
        if self._look:
            self._look(self._head)
        if wanted.sha256 is not None and digest != wanted.sha256.lower():
            raise UserError("download_hash", name=wanted.name, have=digest, want=wanted.sha256)
        if wanted.size is not None and self._have != wanted.size:
            raise UserError("download_size", name=wanted.name, have=self._have, want=wanted.size)


def check_room(folder: Path, needed: int) -> None:
    """See that so many bytes go there.

    Raises:
        UserError: they do not.
    """
    free = shutil.disk_usage(folder).free
    if needed > free - ROOM:
        sizes = {"need": f"{needed / 1e9:.1f}", "free": f"{max(0, free - ROOM) / 1e9:.1f}"}
        raise UserError("download_no_room", folder=str(folder), **sizes)
