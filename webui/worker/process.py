"""The worker process: commands in on stdin, reports out on stdout, one run at a time.

Started by the server as `python -m webui.worker.process`. It ends when its stdin closes, so that
nothing is left behind when the server is killed.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from webui.core.blackbox import BlackBox
from webui.core.errors import Problem, UserError
from webui.core.guarding import ExtensionError, blamed, overdue
from webui.core.isolation import TooSlow, Watchdog
from webui.core.lookout import Overdue
from webui.core.paths import Paths
from webui.core.traces import Trace
from webui.core.wire import Ended, Run
from webui.worker.line import (
    Control,
    Line,
    Watch,
    beat,
    read_commands,
    take_standard_streams,
    unwatched,
)

if TYPE_CHECKING:
    from webui.worker.runner import Runner


def parse(arguments: list[str]) -> Paths:
    """The folders, as the server passes them on."""
    parser = argparse.ArgumentParser(prog="webui.worker.process")
    for name in ("data", "models", "outputs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return Paths.choose(**vars(parser.parse_args(arguments)))


def make_runner(paths: Paths, line: Line, control: Control) -> Runner:
    """The composition root of the worker."""
    # torch is loaded here: for seconds, while signs of life go out
    from webui.core.finding import safe_mode
    from webui.core.plugins import Extensions
    from webui.core.quarantine import Quarantine
    from webui.core.settings import load_settings
    from webui.engine.upscalers import Upscalers
    from webui.library.catalog import Catalog
    from webui.library.store import Store
    from webui.models.manager import ModelManager
    from webui.worker.runner import Runner

    settings = load_settings(paths.settings)
    watchdog = watched(paths, line, control)
    extensions = Extensions(
        paths.extension_folders,
        "worker",
        {*settings.disabled_extensions, *Quarantine(paths.quarantine).reasons()},
        paths.data,
        watchdog,
        safe=safe_mode(os.environ),
    )
    watchdog.patience = extensions.patience
    catalog = Catalog.of(paths, extensions.architectures)
    models = ModelManager(more=extensions.families)
    more = settings.folders_of_models
    folders = (*paths.model_folders, *more)
    added = [one for _, one in extensions.upscalers()]
    upscalers = Upscalers(folders, models.device, added)
    store = Store(paths.pictures)
    return Runner(
        catalog, models, upscalers, store, extensions, line.send, control, paths.animations
    )


def watched(paths: Paths, line: Line, control: Control) -> Watchdog:
    """Extensions' code under a watchdog, whose calls are noted for the server."""

    def stuck(name: str, hook: str, seconds: float) -> None:
        """Nothing but the end of the process ends it: the job fails first, so that it is known."""
        problem = ExtensionError(name, hook, TooSlow(seconds)).problem
        box.note(None)
        if control.token is not None:
            line.send(Ended(token=control.token, outcome="failed", problem=problem))
        os._exit(1)

    box = BlackBox(paths.worker_call)
    watchdog = Watchdog(stuck=stuck, note=box.note, steps="webui.engine.guidance")
    control.alive = watchdog.alive
    control.watch = watchdog.watch
    return watchdog


def execute(runner: Runner, run: Run, watch: Watch = unwatched) -> Ended:
    """The job boundary: whatever goes wrong in a run ends that run alone."""
    try:
        return watch(partial(runner.run, run))
    except UserError as error:
        problem = error.problem
    except Overdue as late:
        problem = overdue(late).problem
    except Exception as error:  # noqa: BLE001  the job boundary
        problem = unexpected(error)
    return Ended(token=run.token, outcome="failed", problem=problem)


def unexpected(error: Exception) -> Problem:
    """A failure that nobody foresaw: its trace goes to the log, its name to the user."""
    traceback.print_exception(error, file=sys.stderr)
    if named := blamed(error):
        return named.problem
    return UserError("unexpected", reason=f"{type(error).__name__}: {error}"[:300]).problem


def main(arguments: list[str]) -> None:
    """Serve runs for ever."""
    line = Line(*take_standard_streams())
    control = Control()
    paths = parse(arguments)
    control.beaten = Trace(paths.worker_trace).alive
    threading.Thread(target=beat, args=(line, control), daemon=True).start()
    threading.Thread(target=read_commands, args=(line, control), daemon=True).start()
    runner = make_runner(paths, line, control)
    runner.tell_broken()
    line.send(runner.ready())
    while True:
        run = control.runs.get()
        control.begin(run.token)
        line.send(execute(runner, run, control.watch))
        control.end(run.token)


if __name__ == "__main__":
    main(sys.argv[1:])
