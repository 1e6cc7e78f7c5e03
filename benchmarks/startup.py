"""How long until the page answers, the worker is ready, and the first picture is there.

    python benchmarks/startup.py --runs 3

Every run starts the real server on an empty data folder. Times are seconds since the start of the
process; the middle one of the runs is shown. `--launcher` starts through launch.py instead, so
that the difference between the two is what the launcher costs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
PATIENCE = 180.0


def wait_for(what: Callable[[], Any], start: float) -> float:
    """Seconds from start until `what` returns something true."""
    while not (answer := _try(what)):
        if time.perf_counter() - start > PATIENCE:
            raise TimeoutError(f"nothing after {PATIENCE:.0f} s")
        time.sleep(0.02)
    del answer
    return time.perf_counter() - start


def _try(what: Callable[[], Any]) -> Any:
    try:
        return what()
    except (httpx.HTTPError, FileNotFoundError, json.JSONDecodeError):
        return None


def measure(command: list[str], data: Path, port: int) -> dict[str, float]:
    """Start the server once and time its milestones."""
    start = time.perf_counter()
    arguments = ["--port", str(port), "--data-dir", str(data), "--no-browser"]
    with subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                return _milestones(client, start)
        finally:
            server.kill()


def _milestones(client: httpx.Client, start: float) -> dict[str, float]:
    def worker_ready() -> bool:
        return client.get("/api/v1/state").json()["worker"]["state"] in ("ready", "busy")

    def finished() -> bool:
        return client.get(f"/api/v1/jobs/{job}").json()["state"] == "finished"

    times = {"page": wait_for(lambda: client.get("/").status_code == 200, start)}
    job = client.post("/api/v1/jobs", json={"prompt": "a red apple"}).json()["id"]
    times["worker ready"] = wait_for(worker_ready, start)
    times["first picture"] = wait_for(finished, start)
    job = client.post("/api/v1/jobs", json={"prompt": "a red apple"}).json()["id"]
    again = time.perf_counter()
    times["next picture (from the click)"] = wait_for(finished, again)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, default=7899)
    parser.add_argument("--launcher", action="store_true", help="start through launch.py")
    options = parser.parse_args()
    direct = [sys.executable, "-m", "webui"]
    command = [sys.executable, "launch.py"] if options.launcher else direct
    runs: list[dict[str, float]] = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as data:
            runs.append(measure(command, Path(data), options.port))
    for name in runs[0]:
        print(f"{name:32s} {statistics.median(run[name] for run in runs):6.2f} s")
    print(json.dumps(runs))


if __name__ == "__main__":
    main()
