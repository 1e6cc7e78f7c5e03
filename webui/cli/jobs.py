"""`webui jobs`: what the running server has to do, and did."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime

from webui.cli.connection import Connection, Refusal, find_server
from webui.cli.words import worded
from webui.core.errors import Problem, UserError
from webui.core.events import Job
from webui.core.paths import Paths
from webui.core.requests import Download, Drawing


def run(options: argparse.Namespace, language: str) -> int:
    """List, show or cancel."""
    paths = Paths.choose(options.data_dir, options.models_dir, options.outputs_dir)
    try:
        connection = find_server(paths.server)
        if connection is None:
            raise UserError("no_server")
        with connection:
            jobs = _act(options, connection)
    except Refusal as refusal:
        return _complain(refusal.problems, language)
    except UserError as error:
        return _complain([error.problem], language)
    for job in jobs:
        print(json.dumps(job.model_dump(mode="json")) if "json" in options else line(job, language))
        if options.action == "show" and "json" not in options:
            if job.text:
                print(f"  {job.text}")
            for picture in job.pictures:
                print(f"  {picture.file or picture.id}")
    return 0


def _act(options: argparse.Namespace, connection: Connection) -> Sequence[Job]:
    if options.action == "list":
        return connection.jobs(getattr(options, "limit", 20))
    if options.action == "cancel":
        return [connection.cancel(options.id)]
    return [connection.job(options.id)]


def line(job: Job, language: str) -> str:
    """A job in one line: id, state, when, how many pictures of how many, prompt, what is wrong."""
    when = datetime.fromtimestamp(job.created).strftime("%Y-%m-%d %H:%M")
    made = f"{max(job.picture_count, len(job.pictures))}/{job.request.images}"
    asked = job.request
    words = asked.prompt if isinstance(asked, Drawing) else asked.kind
    if isinstance(asked, Download):
        words = asked.source
    prompt = " ".join(words.split())[:60]
    wrong = f"  ({worded(job.problem, language)})" if job.problem else ""
    return f"{job.id}  {job.state:11}  {when}  {made:>5}  {prompt}{wrong}"


def _complain(problems: Sequence[Problem], language: str) -> int:
    for problem in problems:
        print(f"webui: {worded(problem, language)}", file=sys.stderr)
    return 1
