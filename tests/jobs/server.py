"""A server process to kill: submits what stdin says and answers each job only once it is taken.

With `--loaded` it touches its folder only at the first line, so that the next server can be loaded
while this one still runs.
"""

import json
import sys
from pathlib import Path

from tests.jobs.setting import make_jobs, paths_in

if __name__ == "__main__":
    if "--loaded" in sys.argv and not sys.stdin.readline():
        sys.exit()
    jobs = make_jobs(paths_in(Path(sys.argv[1])))
    jobs.start()
    print("up", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "cancel" in asked:
            jobs.cancel(asked["cancel"])
            print("cancelled", flush=True)
        else:
            print(jobs.submit(asked["request"], asked["owner"]).id, flush=True)
