import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.conftest import group_of, pytest_collection_modifyitems

ROOT = Path(__file__).parents[1]


def test_a_test_cannot_reach_the_network() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="no network"):
        sock.connect(("192.0.2.1", 80))
    with socket.socket() as sock, pytest.raises(RuntimeError, match="no network"):
        sock.connect_ex(("example.invalid", 80))


def test_a_test_can_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_hub_is_offline() -> None:
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_run_in_the_background_can_send_ctrl_c_to_what_it_starts() -> None:
    """A shell has what it starts with `&` ignore it."""
    background = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    child = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    for code, wanted in (
        (f"{background}; {start}", "False"),
        (f"{background}; import tests.conftest; {start}", "True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
        )
        assert done.stdout.strip() == wanted, done.stderr


def test_one_process_takes_one_core_and_so_do_those_it_starts() -> None:
    """Those that xdist starts among them: they inherit what the first process was set to."""
    said = "import os, tests.conftest; print(os.environ['OMP_NUM_THREADS'])"
    for given, wanted in (({}, "1"), ({"OMP_NUM_THREADS": "3"}, "3")):
        own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        done = subprocess.run(
            [sys.executable, "-c", said], cwd=ROOT, env=own | given, capture_output=True, text=True
        )
        assert done.stdout.strip() == wanted, done.stderr


def test_a_busy_machine_fails_no_example() -> None:
    assert settings.default is not None and settings.default.deadline is None
    assert settings(max_examples=7).deadline is None


@dataclass
class Item:
    """What the order of tests depends on."""

    nodeid: str
    slow: bool = False

    def get_closest_marker(self, name: str) -> bool:
        return name == "slow" and self.slow


def test_long_groups_are_handed_out_first_and_files_stay_whole() -> None:
    quick, late = Item("tests/api/test_a.py::test_a"), Item("tests/worker/test_d.py::test_d", True)
    page, other = Item("tests/browser/test_b.py::test_b"), Item("tests/worker/test_d.py::test_e")
    items: Any = [quick, page, other, late]
    pytest_collection_modifyitems(items)
    assert items == [page, other, late, quick]


def test_files_run_in_one_process_each_and_all_that_drive_a_browser_in_one() -> None:
    assert group_of("tests/core/test_files.py::test_a[x::y]") == "tests/core/test_files.py"
    assert group_of("tests/browser/test_form.py::test_a") == "browser"
    assert group_of("tests/browser/test_look.py::test_b") == "browser"
