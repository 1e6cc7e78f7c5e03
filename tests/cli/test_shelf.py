import io
import json
from pathlib import Path

import pytest

from tests.checkpoints import write_weights
from tests.cli.test_models import LORA, shell
from webui.__main__ import main
from webui.core.paths import Paths
from webui.core.requests import Txt2Img
from webui.jobs.ledger import Ledger
from webui.library.catalog import Catalog


@pytest.fixture
def fox(data_folder: Paths) -> Path:
    return write_weights(data_folder.models / "loras" / "fox.safetensors", LORA)


def delete(paths: Paths) -> str:
    catalog = Catalog.of(paths)
    entry = catalog.find("lora", "fox")
    assert entry is not None
    return catalog.remove(entry.id).id


def test_the_disk_is_told(data_folder: Paths, fox: Path, capsys: pytest.CaptureFixture[str]):
    ledger = Ledger(data_folder.ledger)
    with ledger.write() as writing:
        request = Txt2Img(prompt="<lora:fox:1>", model="easel-demo")
        writing.add_job("a" * 32, "b" * 32, request, 0, 1.6e9)
    ledger.close()
    assert shell(data_folder, "disk") == 0
    out = capsys.readouterr().out
    assert "lora" in out and str(fox.parent) in out and "2020-09-13" in out
    assert shell(data_folder, "disk", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kinds"]["lora"] == {"count": 1, "bytes": fox.stat().st_size}
    used = {one["name"]: one["last_used"] for one in report["models"] if one["last_used"]}
    assert used == {
        "easel-demo": 1.6e9,
        "fox": 1.6e9,
    }


def test_the_disk_without_a_ledger_and_with_a_broken_one(data_folder: Paths, fox: Path, capsys):
    assert shell(data_folder, "disk") == 0
    data_folder.ledger.parent.mkdir(parents=True, exist_ok=True)
    data_folder.ledger.write_bytes(b"no ledger" * 1000)
    assert shell(data_folder, "disk") == 0
    assert "–" in capsys.readouterr().out


def test_the_trash_is_listed_put_back_and_emptied(data_folder: Paths, fox: Path, capsys):
    id = delete(data_folder)
    assert shell(data_folder, "trash") == 0
    assert capsys.readouterr().out.split()[0] == id
    assert shell(data_folder, "restore", id) == 0
    assert capsys.readouterr().out == "loras/fox.safetensors\n" and fox.exists()
    assert shell(data_folder, "restore", id) == 1
    assert id in capsys.readouterr().err
    again = delete(data_folder)
    assert shell(data_folder, "trash", "--json") == 0
    assert json.loads(capsys.readouterr().out)["id"] == again
    assert shell(data_folder, "trash", "--drop", again) == 0
    write_weights(fox, LORA)
    delete(data_folder)
    assert shell(data_folder, "trash", "--empty") == 0
    assert capsys.readouterr().out == "" and not fox.exists()


def test_the_commands_need_no_server(data_folder: Paths, fox: Path, capsys):
    for action in ("disk", "trash", "list"):
        assert main(["models", action, "--json", "--data-dir", str(data_folder.data)]) == 0
    assert "fox" in capsys.readouterr().out


def test_a_model_goes_to_the_trash_and_comes_back(data_folder: Paths, fox: Path, capsys):
    (fox.parent / "fox.txt").write_text("words beside it")
    assert shell(data_folder, "delete", "fox", "--yes", "--json") == 0
    trashed = json.loads(capsys.readouterr().out)
    assert (trashed["name"], sorted(trashed["files"])) == ("fox", ["fox.safetensors", "fox.txt"])
    assert not fox.exists()
    assert shell(data_folder, "restore", trashed["id"]) == 0
    assert fox.exists()


def test_nothing_is_deleted_unless_somebody_says_so(data_folder: Paths, fox: Path, capsys):
    assert shell(data_folder, "delete", "fox") == 1
    assert "--yes" in capsys.readouterr().err
    assert shell(data_folder, "delete", "fox", "hound", "--yes") == 1
    assert "hound" in capsys.readouterr().err
    assert fox.exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_a_person_is_asked(data_folder: Paths, fox: Path, capsys, monkeypatch, answer, code):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert shell(data_folder, "delete", "fox") == code
    assert "lora  fox" in capsys.readouterr().err
    assert fox.exists() == bool(code)


def test_a_name_of_several_models_has_to_be_said_plainly(data_folder: Paths, fox: Path, capsys):
    names = ("decoder.conv_in.weight", "encoder.conv_in.weight")
    vae = fox.parents[1] / "vae" / "fox.safetensors"
    write_weights(vae, dict.fromkeys(names, (4, 4, 3, 3)))
    assert shell(data_folder, "delete", "fox", "--yes") == 1
    assert "lora, vae" in capsys.readouterr().err
    assert shell(data_folder, "delete", "fox", "--yes", "--kind", "vae") == 0
    assert fox.exists() and not vae.exists()


def test_what_a_job_needs_and_what_came_with_the_program_stays(data_folder: Paths, fox, capsys):
    ledger = Ledger(data_folder.ledger)
    with ledger.write() as writing:
        request = Txt2Img(prompt="<lora:fox:1>", model="easel-demo")
        writing.add_job("a" * 32, "b" * 32, request, 0, 1.6e9)
    ledger.close()
    hound = write_weights(fox.with_name("hound.safetensors"), LORA)
    assert shell(data_folder, "delete", "fox", "easel-demo", "hound", "--yes") == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "fox" in said[0] and "easel-demo" in said[1]
    assert fox.exists() and not hound.exists()
