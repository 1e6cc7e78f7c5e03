"""How a picture becomes a result: reserved in the ledger, written whole, and only then told of.

Whatever is killed in between, there is no result or a whole one, and one at most for each index:
`settle` finishes or undoes at the next start what was reserved.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from webui.core.animation import Animation
from webui.core.errors import UnknownId, UserError
from webui.core.events import Job, Picture
from webui.core.files import (
    PUBLIC,
    explained,
    keep_new,
    remove_leftovers,
    save_atomically,
    write_atomically,
)
from webui.core.requests import Drawing
from webui.core.settings import Settings
from webui.core.wire import Beside, Made
from webui.jobs.ledger import Ledger, LedgerError
from webui.library.pictures import MEDIA_TYPES
from webui.prompt.filenames import Facts, picture_path, plain_name
from webui.timeline.names import folder_name, frame_name
from webui.timeline.settings_file import settings_of, write_settings

MEMORY_BYTES = 256 * 2**20
"""Of pictures that could not be saved; the oldest go first."""

_TYPES = {
    **MEDIA_TYPES,
    "gif": "image/gif",
    "apng": "image/apng",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "zip": "application/zip",
}
_ENDINGS = {
    **{media_type: f".{format}" for format, media_type in _TYPES.items()},
    "image/jpeg": ".jpg",
    "image/apng": ".png",
}


def settings_beside(frame: Path) -> Path:
    """Where the settings file of an animation lies, by one of its frames."""
    return frame.with_name(f"{frame.stem.rpartition('_')[0]}_settings.txt")


def _batch_name(request: Animation, stamp: str) -> str:
    """The folder's name that an animation's settings ask for; empty where they do not."""
    if not request.settings.get("batch_name"):
        return ""
    values = settings_of(request.settings).values
    return plain_name(folder_name(values["batch_name"], values, stamp))


class Results:
    """Commits pictures and hands their files out."""

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        settings: Callable[[], Settings] = Settings,
        model_hash: Callable[[str | None], str | None] = lambda _: None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._ledger = ledger
        self._folder = folder
        self._settings = settings
        self._model_hash = model_hash
        self._unsaved = Unsaved(memory_bytes)

    def commit(self, made: Made, data: bytes | Path) -> Picture | None:
        """Make a worker's picture a result, or drop it: if its lease is over, or it is there.

        A file that cannot be written does not lose the picture: it is kept in memory, and its
        `problem` says why.

        Args:
            data: the file, or where it lies: then it is moved, and never held in memory.

        Raises:
            UserError: the ledger cannot be written, or the file that lies somewhere not moved.
        """
        with self._ledger.read() as reading:
            lease = reading.lease(made.token)
            if lease is None or reading.is_made(_name(lease.job, made.index)):
                return None
            job = reading.bare(lease.job)
        if not 0 <= made.index < job.request.images:
            return None
        picture = _picture(job, made)
        digest = _digest(data)
        try:
            picture = self._save(made.token, picture, job, data, digest)
        except LedgerError:
            raise
        except _LeaseOver:
            return None
        except UserError as error:
            if isinstance(data, Path):
                raise
            picture = picture.model_copy(update={"problem": error.problem})
            self._unsaved.keep(picture.id, data)
        self._complete(made.token, picture, digest)
        if isinstance(job.request, Animation) and made.index in (0, job.request.images - 1):
            self._save_settings(job, job.request, picture)
        return picture

    def put_beside(self, beside: Beside, data: bytes) -> None:
        """Save a file beside a frame, under the frame's name and its own; it is no result.

        The frames are worth more: where it cannot be written, they stay without.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        with self._ledger.read() as reading:
            lease = reading.lease(beside.token)
            job = lease and reading.bare(lease.job)
        if job is None or not isinstance(job.request, Animation):
            return
        folder, name = self._frames_of(job, job.request)
        with suppress(UserError):
            path = folder / frame_name(name, beside.index, kind=beside.name)
            write_atomically(path, data, PUBLIC)

    def settle(self) -> None:
        """Finish or undo the commits that a kill cut short. Nobody may be committing now.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        with self._ledger.read() as reading:
            pending = reading.pending()
        for picture, digest in pending:
            path = Path(picture.file or "")
            remove_leftovers(path.parent)
            with self._ledger.write() as writing:
                if _digest_of(path) == digest:
                    writing.complete(picture, digest)
                else:
                    writing.forget(picture.id)

    def data(self, id: str) -> bytes:
        """A picture's file, as it was written or, where it could not be, from memory.

        Raises:
            UnknownId: there is no such picture, or its file is gone.
            UserError: the file cannot be read.
        """
        with self._ledger.read() as reading:
            picture = reading.picture(id)
        if picture.file is None:
            return self._unsaved.get(id)
        path = Path(picture.file)
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise UnknownId("picture_gone", file=path.name, folder=str(path.parent)) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError("picture_unreadable", file=str(path), reason=reason) from error

    def _save(
        self, token: int, picture: Picture, job: Job, data: bytes | Path, digest: str
    ) -> Picture:
        """Write the file and return the picture with its path.

        Raises:
            UserError: it cannot be written.
            _LeaseOver: it must not be written any more.
        """

        def reserve(path: Path) -> None:
            with self._ledger.write() as writing:
                if writing.lease(token) is None:
                    raise _LeaseOver
                writing.reserve(_with_file(picture, path), digest)

        path = self._path(job, picture)
        if not self._ledger.reserve.spares(path.parent):
            raise UserError("disk_full", name=path.name, folder=str(path.parent))
        if isinstance(data, Path):
            return _with_file(picture, keep_new(data, path.parent, path.name, reserve))
        return _with_file(picture, save_atomically(path.parent, path.name, data, reserve))

    def _path(self, job: Job, picture: Picture) -> Path:
        """Where a picture goes: the day's folder, a name by the pattern."""
        request, now = job.request, datetime.now().astimezone()
        begun = datetime.fromtimestamp(job.started or job.created).astimezone()
        hash = self._model_hash(request.model) if isinstance(request, Drawing) else None
        facts = Facts.of(request, picture.index, picture.seed, now, begun, hash)
        folder = self._folder / request.kind / now.strftime("%Y-%m-%d")
        if isinstance(request, Animation):
            return self._frame_path(job, request, picture)
        if request.folder and (own := plain_name(request.folder)):
            folder = self._folder / own
        with explained(folder, str(picture.seed)):
            path = picture_path(folder, self._settings().file_name, facts)
        if request.file_name and (own := plain_name(request.file_name)):
            path = folder / own
        return path.with_name(path.name + _ENDINGS[picture.media_type])

    def _frame_path(self, job: Job, request: Animation, picture: Picture) -> Path:
        """As Deforum names frames: by the time of the animation, in a folder of its own.

        The time is that of the asking, which stays the same when a run goes on after a kill.
        """
        folder, name = self._frames_of(job, request)
        return folder / frame_name(name, picture.index, _ENDINGS[picture.media_type])

    def _frames_of(self, job: Job, request: Animation) -> tuple[Path, str]:
        """The folder of an animation's frames, and what their names begin with.

        Both by Deforum's `timestring`; of those of one second, the second one has a `-2` behind it.
        """
        asked = datetime.fromtimestamp(job.created).astimezone()
        with self._ledger.read() as reading:
            sooner = reading.sooner(job.id, request.kind)
        stamp = asked.strftime("%Y%m%d%H%M%S") + (f"-{sooner + 1}" if sooner else "")
        own = _batch_name(request, stamp) or stamp
        folder = self._folder / request.kind / asked.strftime("%Y-%m-%d") / own
        if request.folder and (own := plain_name(request.folder)):
            folder = self._folder / own
        name = plain_name(request.file_name) if request.file_name else None
        return folder, name or stamp

    def _save_settings(self, job: Job, request: Animation, picture: Picture) -> None:
        """The settings file beside the frames, named as Deforum does; once.

        It is written with the first frame, and again with the last one if that was killed. The
        frames are worth more: where it cannot be written, they stay without.
        """
        path = settings_beside(self._frame_path(job, request, picture))
        if not path.exists():
            text = write_settings(settings_of(request.settings))
            with suppress(UserError):
                save_atomically(path.parent, path.name, text.encode())

    def _complete(self, token: int, picture: Picture, digest: str) -> None:
        """Tell of the picture, unless the lease ended while it was written."""
        with self._ledger.write() as writing:
            if writing.lease(token) is not None:
                writing.complete(picture, digest)
                return
            if picture.file is not None:
                Path(picture.file).unlink(missing_ok=True)
            writing.forget(picture.id)


class Unsaved:
    """Pictures that could not be saved, kept until the program ends or others need the room."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._pictures: dict[str, bytes] = {}

    def keep(self, id: str, data: bytes) -> None:
        """Keep one more; the oldest make room."""
        with self._lock:
            self._pictures[id] = data
            while sum(map(len, self._pictures.values())) > self._most_bytes:
                del self._pictures[next(iter(self._pictures))]

    def get(self, id: str) -> bytes:
        """The file that was to be saved.

        Raises:
            UnknownId: it is gone.
        """
        with self._lock:
            data = self._pictures.get(id)
        if data is None:
            raise UnknownId("picture_lost")
        return data


class _LeaseOver(Exception):
    """Somebody else makes this picture now."""


def _name(job: str, index: int) -> str:
    return f"{job}-{index}"


def _picture(job: Job, made: Made) -> Picture:
    return Picture(
        id=_name(job.id, made.index),
        job=job.id,
        index=made.index,
        width=made.width,
        height=made.height,
        seed=made.seed,
        seconds=made.seconds,
        infotext=made.infotext,
        media_type=_TYPES[made.format],
    )


def _with_file(picture: Picture, path: Path) -> Picture:
    return picture.model_copy(update={"file": str(path)})


def _digest(data: bytes | Path) -> str:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path)
    except OSError:
        return None
