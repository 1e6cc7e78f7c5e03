import subprocess
import sys

from webui.core.blackbox import BlackBox, last_call

DIES = """
import os, sys
from pathlib import Path
from webui.core.blackbox import BlackBox
box = BlackBox(Path(sys.argv[1]))
box.note(("x", "after"))
os._exit(3)
"""


def test_the_last_call_outlives_the_process(tmp_path):
    path = tmp_path / "state" / "call"
    assert last_call(path) is None
    subprocess.run([sys.executable, "-c", DIES, str(path)])
    assert last_call(path) == ("x", "after")


def test_outside_of_calls_there_is_none(tmp_path):
    box = BlackBox(tmp_path / "call")
    assert last_call(tmp_path / "call") is None
    box.note(("x" * 300, "after"))
    box.note(("y", "before"))
    assert last_call(tmp_path / "call") == ("y", "before")
    box.note(None)
    assert last_call(tmp_path / "call") is None
