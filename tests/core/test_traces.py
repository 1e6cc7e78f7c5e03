import subprocess
import sys
from pathlib import Path

import pytest

from webui.core.paths import CLONE
from webui.core.traces import last_own

HANGS = """
import re

def match():
    return re.match("(a+)+$", "a" * 60 + "b")
"""
CRASHES = """
import ctypes

def match():
    return ctypes.string_at(0)
"""
RUNS = """
import sys, threading, time
from pathlib import Path
from webui.core.traces import Trace
trace = Trace(Path(sys.argv[1]))
trace.alive(0.3)
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
sys.path.insert(0, sys.argv[2])
import code_of_it
code_of_it.match()
"""


@pytest.mark.parametrize("code", [HANGS, CRASHES], ids=["holds Python up", "crashes"])
def test_whose_code_a_process_ended_in(tmp_path: Path, code: str):
    folder, trace = tmp_path / "bad", tmp_path / "state" / "trace"
    folder.mkdir()
    (folder / "code_of_it.py").write_text(code, encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-c", RUNS, str(trace), str(folder)], cwd=CLONE)
    try:
        found = None
        while found is None and process.poll() is None:
            found = last_own(trace, {"other": tmp_path / "other", "bad": folder})
    finally:
        process.kill()
        process.wait()
    assert last_own(trace, {"bad": folder}) == ("bad", "match")
    assert last_own(trace, {"other": tmp_path / "other"}) is None


def test_a_sign_of_life_takes_back_what_was_written(tmp_path: Path):
    code = f"import time; t.alive(0.05); time.sleep(0.5); print(len(p.read_text()) > 9); {ALIVE}"
    done = subprocess.run(
        [sys.executable, "-c", f"{BEGIN}; {code}", str(tmp_path / "trace")],
        cwd=CLONE, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "0"]


BEGIN = (
    "import sys; from pathlib import Path; from webui.core.traces import Trace; "
    "p = Path(sys.argv[1]); t = Trace(p)"
)
ALIVE = "t.alive(60); print(len(p.read_text()))"


def test_ours_is_nobody_elses(tmp_path: Path):
    folder = tmp_path / "bad"
    trace = tmp_path / "trace"
    lines = [
        "Fatal Python error: Segmentation fault", "", "Thread 0x01 (most recent call first):",
        f'  File "{folder / "worker.py"}", line 1 in other', "",
        "Current thread 0x02 (most recent call first):",
        f'  File "{CLONE / "webui" / "models" / "a.py"}", line 2 in predict_x0',
        f'  File "{folder / "worker.py"}", line 8 in sample',
    ]  # fmt: skip
    trace.write_text("\n".join(lines), encoding="utf-8")
    assert last_own(trace, {"bad": folder}) is None
    trace.write_text("\n".join(lines[:3] + lines[5:6] + lines[7:]), encoding="utf-8")
    assert last_own(trace, {"bad": folder}) == ("bad", "sample")
    assert last_own(tmp_path / "none", {"bad": folder}) is None
