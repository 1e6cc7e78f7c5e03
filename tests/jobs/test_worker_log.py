"""The worker's words: kept, bounded, the last ones at hand."""

import io
from pathlib import Path

from webui.jobs.worker_log import WorkerLog


def test_it_is_bounded_and_loses_nothing_recent(tmp_path: Path) -> None:
    log = WorkerLog(tmp_path / "worker.log", file_bytes=1000)
    lines = [f"line {number:03} {'x' * 40}\n" for number in range(200)]
    log.pump(io.BytesIO("".join(lines).encode()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["worker.log", "worker.log.1"]
    kept = "".join(
        (tmp_path / name).read_text(encoding="utf-8") for name in ("worker.log.1", "worker.log")
    )
    assert "".join(lines).endswith(kept)
    assert 1000 < len(kept) <= 2000
    assert log.last_words().splitlines() == [line.strip() for line in lines[-5:]]
    log.begin()
    assert log.last_words() == ""


def test_progress_bars_bytes_and_endless_lines(tmp_path: Path) -> None:
    log = WorkerLog(tmp_path / "worker.log")
    log.pump(io.BytesIO(b"\xff\xfe\n" + b" 10%\r 20%\r 30%\n\n" + b"x" * 100_000 + b"\nend"))
    assert max(map(len, log.last_words().splitlines())) <= 400
    assert log.last_words().endswith("end")
    assert (tmp_path / "worker.log").stat().st_size > 100_000
    log.begin()
    log.pump(io.BytesIO(b" 10%\r 20%\r 30%\n"))
    assert log.last_words() == " 30%"


def test_a_disk_that_refuses_does_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = WorkerLog(tmp_path / "file" / "worker.log")
    log.pump(io.BytesIO(b"one\ntwo\n"))
    assert log.last_words() == "one\ntwo"
