"""`python -m tests.serve_fake …` is `webui …` with a worker that needs no model.

With LOADED in the environment, the names of all modules are written to that file at the end.
"""

import atexit
import os
import sys
from pathlib import Path

from tests.doors import WORKER
from webui.__main__ import main
from webui.jobs import queue


def note_modules(path: Path) -> None:
    path.write_text("\n".join(sys.modules), encoding="utf-8")


if __name__ == "__main__":
    queue.worker_command = lambda paths: list(WORKER)
    if "LOADED" in os.environ:
        atexit.register(note_modules, Path(os.environ["LOADED"]))
    sys.exit(main())
