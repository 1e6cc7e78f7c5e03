"""From the shell to a picture of the shipped model, with nothing in between that is not real."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from webui.core.paths import CLONE

pytestmark = pytest.mark.slow


def generate(data: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "webui", "generate", "--data-dir", str(data), *arguments]
    done = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, encoding="utf-8", cwd=CLONE
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout.splitlines()[-1])


def test_a_seed_is_a_picture_and_the_same_one_every_time(tmp_path: Path):
    request = ("a red apple", "--steps", "6", "--format", "png", "--out", str(tmp_path / "out"))
    both = generate(tmp_path, *request, "--seed", "7", "--count", "2")
    again = generate(tmp_path, *request, "--seed", "8")
    assert both["kind"] == "result" and both["ok"] is True
    assert [made["seed"] for made in both["files"]] == [7, 8]
    first, second = (Path(made["file"]).read_bytes() for made in both["files"])
    alone = Path(again["files"][0]["file"]).read_bytes()
    pixels = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (first, second)]
    for one in pixels:
        assert one.std(axis=(0, 1)).max() > 10  # not of one colour
        assert np.abs(np.diff(one.astype(float), axis=1)).mean() < 60  # not noise
    assert np.abs(pixels[0].astype(float) - pixels[1]).mean() > 5
    assert second == alone  # to the byte, made with another or alone
    parameters = again["files"][0]["parameters"]
    assert parameters.startswith("a red apple\nSteps: 6, Sampler: ")
    assert "Seed: 8" in parameters and "Model: easel-demo" in parameters
