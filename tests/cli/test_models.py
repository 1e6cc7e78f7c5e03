import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from webui.cli import models
from webui.cli.parser import read_arguments
from webui.core.paths import Paths
from webui.core.settings import Settings, save_settings

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def dog(data_folder: Paths) -> Path:
    folder = data_folder.models / "loras"
    write_weights(folder / "broken.safetensors", LORA).write_bytes(b"x")
    (folder / "dog.json").write_text('{"notes": "one\\ntwo", "activation text": "sks"}')
    return write_weights(folder / "dog.safetensors", LORA, metadata={"ss_output_name": "rex"})


def shell(paths: Paths, *arguments: str) -> int:
    return models.run(read_arguments(["--data-dir", str(paths.data), "models", *arguments]), "en")


def test_all_models_are_listed(data_folder: Paths, dog: Path, capsys):
    assert shell(data_folder, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    kinds = [line.split()[0] for line in lines]  # what ships comes last
    assert kinds == ["lora", "lora", "checkpoint", "controlnet"]
    assert lines[0].split()[1] == "–" and "broken  (broken.safetensors is cut off" in lines[0]
    assert lines[1].split() == ["lora", "sd1", f"{dog.stat().st_size / 1000:.3g}", "kB", "dog"]


def test_some_models_as_json(data_folder: Paths, dog: Path, capsys):
    asked = ("--kind", "lora", "--family", "sd1", "--search", "DOG", "--sort", "newest", "--json")
    assert shell(data_folder, "list", *asked) == 0
    [entry] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (entry["name"], entry["trigger_words"]) == ("dog", ["sks"])
    assert shell(data_folder, "list", "--search", "nothing") == 0
    assert capsys.readouterr().out == ""


def test_the_well_known_are_listed_with_those_that_are_here(data_folder: Paths, dog: Path, capsys):
    write_weights(dog.with_name("sdxl_lightning_4step_lora.safetensors"), LORA)
    assert shell(data_folder, "known", "--search", "lightning", "--kind", "lora") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:1] for line in lines] == ["✓", " "]
    assert lines[1].split()[:3] == ["lightning-8-lora", "lora", "sdxl"]
    assert shell(data_folder, "known", "--search", "flux-dev", "--json") == 0
    first, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["name"], first["token"], first["here"]) == ("flux-dev", True, None)


def test_folders_that_are_not_there_are_told(data_folder: Paths, capsys):
    save_settings(data_folder.settings, Settings(model_folders=("/absent/folder",)))
    assert shell(data_folder, "list") == 0
    assert "There is no folder" in capsys.readouterr().err


def test_one_is_described(data_folder: Paths, dog: Path, capsys):
    assert shell(data_folder, "info", "REX", "broken") == 0
    out = capsys.readouterr().out
    assert out.startswith("dog (lora)\n") and f"  path: {dog}\n" in out
    assert "  trigger_words: sks\n" in out and "  notes: one\n    two\n" in out
    assert "  broken.safetensors is cut off" in out
    assert shell(data_folder, "info", "dog", "--json") == 0
    assert json.loads(capsys.readouterr().out)["notes"] == "one\ntwo"


def test_hashes_are_computed_once(data_folder: Paths, dog: Path, capsys, monkeypatch):
    digest = hashlib.sha256(dog.read_bytes()).hexdigest()
    assert shell(data_folder, "hash", "dog", "--kind", "lora") == 0
    line = capsys.readouterr().out
    assert line.startswith(f"{digest}  ") and line.endswith(f"  {dog}\n")
    monkeypatch.setattr("webui.library.hashes._digests", None)  # is not asked again
    assert shell(data_folder, "hash", digest[:10], "--json") == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == digest


def test_the_hash_of_a_file_that_is_not_whole_says_so(data_folder: Paths, dog: Path, capsys):
    assert shell(data_folder, "hash", "broken") == 1
    assert "broken.safetensors  (broken.safetensors is cut off" in capsys.readouterr().out
    assert shell(data_folder, "hash", "broken", "--json") == 1
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "model_cut_off"


@pytest.mark.parametrize("action", ["info", "hash"])
def test_what_is_not_there(data_folder: Paths, dog: Path, capsys, action: str):
    assert shell(data_folder, action, "nothing", "dog") == 1
    out, err = capsys.readouterr()
    assert "There is no model" in err and "nothing" in err and "dog" in out
    assert shell(data_folder, action, "dog", "--kind", "vae") == 1
    assert shell(data_folder, action, "doge") == 1
    assert "did you mean dog?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (6_938_040_682, "6.94 GB"), (10**18, "1e+06 TB")],
)
def test_sizes(count: int, words: str):
    assert models.size(count) == words


def test_without_names_all_that_have_none_are_hashed(data_folder: Paths, dog: Path, capsys):
    assert shell(data_folder, "hash", "--kind", "lora") == 1  # one of them is broken
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines] == [
        str(dog.with_name("broken.safetensors")),
        str(dog),
    ]
    assert shell(data_folder, "hash", "--kind", "lora") == 0
    assert capsys.readouterr().out == ""


def test_who_reads_may_close_early(data_folder: Paths):
    command = [sys.executable, "-m", "webui", "models", "known", "--data-dir"]
    with subprocess.Popen(
        [*command, str(data_folder.data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.close()  # as `head` does
        assert process.stderr.read() == b"" and process.wait() == 141
