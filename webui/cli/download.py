"""`webui models download`: a model brought here from the net, through the queue of the server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from webui.cli.connection import Connection, Gone, Refusal
from webui.cli.generate import TRIES, Follower, Open, print_event
from webui.cli.show import Bar
from webui.cli.words import worded
from webui.core.errors import Problem, UserError
from webui.core.events import Event, Job, JobState, Progress

_FIELDS = ("source", "to", "file_name", "sha256", "precision", "allow_pickle")


def run(options: argparse.Namespace, open_door: Open, language: str) -> int:
    """Bring it here and print where it lies; see `follow`."""
    values = {name: getattr(options, name) for name in _FIELDS if name in options}
    return follow({"kind": "download", **values}, "json" in options, open_door, language)


def follow(values: dict[str, Any], as_json: bool, open_door: Open, language: str) -> int:
    """Have a job done whose text is the place of a file, and print it.

    Returns 0 if it is there, 2 if the request does not fit, 1 for anything else.
    """
    bar = Bar(language)

    def tell(event: Event) -> None:
        if as_json:
            print_event(event)
        elif isinstance(event, Progress):  # the worker has no part in it
            bar.show(event)

    problems: Sequence[Problem] = ()
    job, code = None, 1
    try:
        job = _brought(values, open_door, tell)
        problems = [job.problem] if job.problem else []
        code = 0 if job.state == JobState.FINISHED else 1
    except Refusal as refusal:
        problems, code = refusal.problems, 2
    except UserError as error:
        problems = [error.problem]
    file = job.text if job and code == 0 else None
    if as_json:
        told = [problem.model_dump(mode="json") for problem in problems]
        files = [{"file": file}] if file else []
        print(json.dumps({"kind": "result", "ok": not code, "files": files, "problems": told}))
        return code
    bar.clear()
    if file:
        print(file)
    for problem in problems:
        print(f"webui: {worded(problem, language)}", file=sys.stderr)
    return code


def _brought(values: dict[str, Any], open_door: Open, tell: Callable[[Event], None]) -> Job:
    """The job when it is over; where the server goes away, the next one goes on with it."""
    follower: Follower | None = None
    tries = TRIES
    while True:
        try:
            with open_door() as connection:
                follower = follower or _begun(values, connection, tell)
                return follower.follow(connection)
        except Gone as gone:
            tries -= 1
            perhaps_asked = follower is None and not gone.unheard
            if perhaps_asked or not tries:
                raise


def _begun(
    values: dict[str, Any], connection: Connection, tell: Callable[[Event], None]
) -> Follower:
    after = connection.last_event()
    return Follower(connection.submit(values).id, after, tell)
