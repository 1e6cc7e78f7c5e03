"""The shell as a client of the server, through the same door as every other program."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

import httpx
from pydantic import TypeAdapter

from webui.core.errors import Problem, UserError
from webui.core.events import EVENT, Event, Job
from webui.core.running import Running, fingerprint, read_running

PATIENCE = httpx.Timeout(30.0, connect=5.0)
SILENCE = 60.0
"""Seconds without a sign of life on the line of events, after which it is taken for cut."""
_ENDING = 503
"""How a server answers what its own end cuts off (`webui/api/ending.py`)."""

_JOBS = TypeAdapter(tuple[Job, ...])


class Refusal(Exception):
    """The server said no: sentences for the user."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


class Gone(UserError):
    """The server stopped answering.

    Attributes:
        unheard: it surely did nothing of what it was asked, so that another may be asked the same.
    """

    unheard = False


class Taken(Job):
    """A job that was just taken, and what is worth knowing of it."""

    warnings: tuple[Problem, ...] = ()


class Connection:
    """One server. Methods raise `Refusal` where it says no, and `Gone` where it is silent."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._client = httpx.Client(
            base_url=f"{running.address}/api/v1",
            headers={"authorization": f"Bearer {running.key}"},
            timeout=PATIENCE,
            trust_env=False,  # a proxy has no business between two programs of this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the line."""
        self._client.close()

    def store(self, data: bytes) -> str:
        """Send a picture file; returns what requests call it."""
        return json.loads(self._ask("POST", "/images", content=data))["id"]

    def store_media(self, path: Path) -> str:
        """Send a film or a sound; returns what requests call it.

        Raises:
            OSError: the file cannot be read.
        """
        headers = {"content-length": str(path.stat().st_size)}
        with path.open("rb") as file:
            answer = self._ask("POST", "/media", content=iter_pieces(file), headers=headers)
        return json.loads(answer)["id"]

    def fields(self, data: bytes) -> dict[str, Any]:
        """The parameters in a picture file, as fields of a request."""
        return json.loads(self._ask("POST", "/infotext", content=data))["fields"]

    def submit(self, values: Mapping[str, Any]) -> Taken:
        """Ask for pictures."""
        return Taken.model_validate_json(self._ask("POST", "/jobs", json=dict(values)))

    def job(self, id: str) -> Job:
        """A job as it stands."""
        return Job.model_validate_json(self._ask("GET", f"/jobs/{id}"))

    def jobs(self, limit: int) -> tuple[Job, ...]:
        """The newest jobs of programs and shells."""
        answer = json.loads(self._ask("GET", "/jobs", params={"limit": limit}))
        return _JOBS.validate_python(answer["jobs"])

    def cancel(self, id: str) -> Job:
        """Stop a job; what is made is kept."""
        return Job.model_validate_json(self._ask("POST", f"/jobs/{id}/cancel"))

    def act(self, path: str) -> None:
        """Ask for something at an address that takes no body."""
        self._ask("POST", path)

    def picture(self, id: str) -> bytes:
        """A picture's file."""
        return self._ask("GET", f"/pictures/{id}")

    def last_event(self) -> int:
        """Id of the newest durable event."""
        return json.loads(self._ask("GET", "/state"))["last"]

    def is_ours(self) -> bool:
        """Whether it is the very server that left the note."""
        try:
            answer = json.loads(self._ask("GET", "/about"))
            return answer["fingerprint"] == fingerprint(self.running.key)
        except (Gone, Refusal, ValueError, LookupError, TypeError):
            return False

    def events(self, after: int) -> Generator[tuple[int | None, Event]]:
        """Events as they happen, durable ones with their id; ends when the line is cut."""
        timeout = httpx.Timeout(SILENCE, connect=5.0)
        id: int | None = None
        try:
            with self._client.stream(
                "GET", "/events", params={"after": after}, timeout=timeout
            ) as answer:
                if answer.status_code == _ENDING:
                    return
                _raise_for(answer.status_code, answer.read() if answer.is_error else b"")
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        id = int(value)
                    elif name == "data":
                        yield id, EVENT.validate_json(value)
                        id = None
        except httpx.TransportError:
            return

    def _ask(self, method: str, path: str, **options: Any) -> bytes:
        gone = Gone("server_gone", address=self.running.address)
        gone.unheard = method == "GET"
        try:
            answer = self._client.request(method, path, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            gone.unheard = True
            raise gone from error
        except httpx.TransportError as error:
            raise gone from error
        if answer.status_code == _ENDING:
            raise gone
        _raise_for(answer.status_code, answer.content)
        return answer.content


def iter_pieces(file: IO[bytes], size: int = 2**20) -> Iterator[bytes]:
    """A file piece by piece."""
    while piece := file.read(size):
        yield piece


def _raise_for(status: int, body: bytes) -> None:
    if status < 400:
        return
    try:
        told = json.loads(body)["problems"]
        problems = [Problem.model_validate(problem) for problem in told]
    except (ValueError, LookupError, TypeError):
        problems = [UserError("answer", status=status).problem]
    raise Refusal(problems)


def find_server(note: Path) -> Connection | None:
    """The server that runs on this data folder, asked whether it really does."""
    running = read_running(note)
    if running is None:
        return None
    connection = Connection(running)
    if connection.is_ours():
        return connection
    connection.close()
    return None
