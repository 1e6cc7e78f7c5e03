"""Style, common mistakes and types, with the tools that pyproject.toml sets up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RUFF_CHECK = ("ruff", "check", "--no-cache")
RUFF_FORMAT = ("ruff", "format", "--check", "--diff", "--no-cache")
PYRIGHT = ("pyright", "--pythonpath", sys.executable)


def complaints(*command: str, folder: Path = ROOT) -> str:
    """What a tool prints, if it is not content."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )
    return f"\n{done.stdout}" if done.returncode else ""


def test_ruff_finds_no_mistake() -> None:
    found = complaints(*RUFF_CHECK, ".")
    assert not found, found


def test_ruff_would_format_nothing() -> None:
    found = complaints(*RUFF_FORMAT, ".")
    assert not found, found


@pytest.mark.slow
def test_the_types_fit() -> None:
    found = complaints(*PYRIGHT)
    assert not found, found


@pytest.mark.slow
def test_the_tools_complain_of_a_bad_file(tmp_path: Path) -> None:
    """They would be silent, too, if they were called wrongly."""
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "webui").mkdir()
    bad = tmp_path / "webui" / "bad.py"
    bad.write_text("import os\nx: int = 'text'\ny = [1,2]\n", encoding="utf-8")
    assert "F401" in complaints(*RUFF_CHECK, ".", folder=tmp_path)
    assert "y = [1, 2]" in complaints(*RUFF_FORMAT, ".", folder=tmp_path)
    assert "reportAssignmentType" in complaints(*PYRIGHT, folder=tmp_path)
