"""Finds the golden numbers, which live beside the repository and not in it."""

from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"


def golden(name: str, folder: Path = GOLDEN) -> Path:
    """The path of one golden file, e.g. ``golden("a1111/rng.npz")``.

    Skips the test where the folder of golden files does not exist (a clone on another machine);
    a file that is missing from an existing folder is an error.
    """
    if not folder.is_dir():
        pytest.skip(f"{name} is missing: the golden numbers are looked for in ../shared/golden")
    path = folder / name
    if not path.is_file():
        raise FileNotFoundError(f"no golden file {name} in {folder}")
    return path
