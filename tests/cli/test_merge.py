import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from tests.models.merging.makers import MIDDLE, weights, write
from webui.cli.merge import values_of
from webui.cli.parser import read_arguments
from webui.core.paths import Paths


def values(*arguments: str):
    return values_of(read_arguments(["models", *arguments]))


def test_a_merge_as_the_shell_says_it():
    assert values("merge", "a", "b") == {"kind": "merge", "model_a": "a", "model_b": "b"}
    assert values(
        "merge", "a", "b", "c", "--method", "triple_sum", "-m", "0.3", "-n", "0.2",
        "--blocks", "GRAD_V", "--text-encoder", "b", "--vae", "c", "--precision", "fp16",
        "--prune", "--bake-vae", "soft", "--out", "mine/one.safetensors", "--json",
    ) == {
        "kind": "merge", "model_a": "a", "model_b": "b", "model_c": "c",
        "method": "triple_sum", "multiplier": "0.3", "multiplier_2": "0.2", "blocks": "GRAD_V",
        "text_encoder": "b", "vae": "c", "precision": "fp16", "prune": True, "bake_vae": "soft",
        "folder": "mine", "file_name": "one",
    }  # fmt: skip


def test_a_conversion_as_the_shell_says_it():
    assert values("convert", "a", "--extract", "vae", "--out", "soft") == {
        "kind": "convert", "model": "a", "extract": "vae", "file_name": "soft",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [["merge", "a"], ["convert"], ["merge", "a", "b", "--vae", "x"]])
def test_what_is_missing_is_said_at_once(wrong):
    with pytest.raises(SystemExit):
        values(*wrong)


def shell(paths: Paths, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "webui", "models", *arguments]
    command += ["--data-dir", str(paths.data)]
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_from_the_shell_to_the_folder(data_folder: Paths):
    """With the real worker, on a server that lasts as long as the command."""
    folder = data_folder.models / "checkpoints"
    a, b = (write(folder / f"{name}.safetensors", weights(n)) for n, name in enumerate("ab"))
    code, out, err = shell(data_folder, "merge", a.stem, b.stem, "-m", "0.25", "--out", "sub/mine")
    path = folder / "sub" / "mine.safetensors"
    assert (code, out, err) == (0, f"{path}\n", "")
    expected = 0.75 * weights(0)[MIDDLE] + 0.25 * weights(1)[MIDDLE]
    assert torch.allclose(load_file(path)[MIDDLE], expected)
    code, out, err = shell(data_folder, "merge", "a", "none", "--blocks", "x", "--json")
    result = json.loads(out.splitlines()[-1])
    assert (code, [one["code"] for one in result["problems"]]) == (2, ["merge_unknown"])
