import argparse
import json
import socket
import sys
from pathlib import Path

import pytest

from webui import doctor
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.core.paths import Paths
from webui.doctor import Device, Finding, TorchFacts

CARD = Device(kind="cuda", name="RTX 4090", trouble="", memory=24 * 10**9, capability=(8, 9))
FACTS = TorchFacts(
    version="2.14.1",
    cuda="13.0",
    hip=None,
    architectures=("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120"),
    devices=(CARD,),
    notes=(),
    threads=8,
)


@pytest.mark.parametrize(
    ("card", "architectures", "served"),
    [
        ((8, 9), ("sm_80", "sm_86"), True),
        ((8, 0), ("sm_86",), False),  # newer code than the card
        ((7, 0), ("sm_75", "sm_80"), False),
        ((12, 0), ("sm_90", "sm_100"), False),
        ((12, 1), ("sm_100", "sm_120"), True),
        ((12, 1), ("sm_90", "compute_90"), True),  # portable code
        ((8, 9), ("compute_90",), False),
        ((10, 3), ("sm_100a",), False),  # a: for that card alone
        ((8, 9), (), False),
    ],
)
def test_has_code_for(card: tuple[int, int], architectures: tuple[str, ...], served: bool) -> None:
    assert doctor.has_code_for(card, architectures) is served


def test_a_good_card() -> None:
    assert list(doctor.check_torch(FACTS, [((8, 9), (580, 65))])) == [
        Finding("torch", "ok", "torch 2.14.1, built for CUDA 13.0."),
        Finding("driver", "ok", "NVIDIA driver 580.65."),
        Finding("device", "ok", "RTX 4090 (cuda, 24.0 GB, compute capability 8.9)."),
    ]


def test_a_card_without_code_names_the_build_that_has_it() -> None:
    old = CARD.model_copy(update={"name": "GTX 1080", "capability": (6, 1)})
    facts = FACTS.model_copy(update={"devices": (old,)})
    *_, finding = doctor.check_torch(facts, [((6, 1), (580, 65))])
    assert finding.state == "bad"
    assert "code for sm_75, sm_80" in finding.sentence
    assert "set EASEL_TORCH_BACKEND=cu126 once" in finding.sentence


def test_a_card_that_fails_says_how() -> None:
    failing = CARD.model_copy(update={"trouble": "CUDA error: out of memory"})
    _, finding = doctor.check_torch(FACTS.model_copy(update={"devices": (failing,)}), [])
    assert finding.state == "bad"
    assert finding.sentence.endswith("does not compute: CUDA error: out of memory.")


@pytest.mark.parametrize(
    ("build", "maker", "cards", "state", "words"),
    [
        ({"cuda": "13.0"}, "nvidia", [], "bad", "driver does not answer: restart"),
        (
            {"cuda": "13.0"},
            "nvidia",
            [((8, 6), (550, 144))],
            "bad",
            "driver 550.144 does not serve CUDA 13.0: install driver 580 or newer, "
            "or set EASEL_TORCH_BACKEND=cu126",
        ),
        ({"cuda": "13.0"}, "nvidia", [((8, 6), (470, 82))], "bad", "470.82 is too old for torch"),
        ({"cuda": None}, "nvidia", [((8, 6), (580, 65))], "bad", "EASEL_TORCH_BACKEND=cu130"),
        ({"cuda": "13.0"}, "amd", [], "bad", "EASEL_TORCH_BACKEND=rocm7.2"),
        ({"cuda": None, "hip": "7.2"}, "amd", [], "warn", "No graphics card"),
        ({"cuda": None}, "", [], "warn", "8 threads of the processor draw"),
    ],
)
def test_why_no_card_is_used(
    build: dict[str, str | None],
    maker: str,
    cards: doctor.Cards,
    state: str,
    words: str,
) -> None:
    facts = FACTS.model_copy(update={"devices": (), **build})
    finding = doctor.check_absence(facts, maker, cards, "Linux")
    assert (finding.name, finding.state) == ("device", state)
    assert words in finding.sentence


def test_a_torch_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = doctor.ask_torch([sys.executable, "-c", "raise ImportError('no libcudart')"])
    assert reason == "ImportError: no libcudart"
    assert doctor.ask_torch([sys.executable, "-c", "raise SystemExit(3)"]) == "exit code 3"
    monkeypatch.setattr(doctor, "ask_torch", lambda: reason)
    (finding,) = doctor.torch_findings()
    assert finding.state == "bad"
    assert "ImportError: no libcudart" in finding.sentence


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 1), "bad"), ((3, 11, 0), "ok"), ((3, 13, 9), "ok"), ((3, 14, 0), "bad")],
)
def test_python(version: tuple[int, ...], state: str) -> None:
    assert doctor.check_python(version).state == state


def test_memory_and_disk() -> None:
    assert doctor.check_memory(16 * 10**9, 8 * 10**9).state == "ok"
    assert doctor.check_memory(16 * 10**9, 10**9).state == "warn"
    assert [doctor.check_disk(Path("x"), n * 10**8).state for n in (4, 50, 200)] == [
        "bad",
        "warn",
        "ok",
    ]


def test_folders(tmp_path: Path) -> None:
    assert doctor.check_folder("data", tmp_path / "not" / "yet").state == "ok"
    assert not (tmp_path / "not").exists()
    (tmp_path / "file").touch()
    finding = doctor.check_folder("data", tmp_path / "file")  # nobody can write into a file
    assert finding.state == "bad"
    assert "--data-dir" in finding.sentence
    assert doctor.check_folder("models", tmp_path / "file").state == "warn"


def test_models(tmp_path: Path) -> None:
    (finding,) = doctor.check_models(tmp_path, [])
    assert finding.state == "bad"
    assert str(tmp_path / "checkpoints") in finding.sentence
    good = ModelInfo(id="demo", path="demo", format="diffusers", family="sd1", bytes=1)
    wrong = good.model_copy(
        update={"id": "odd", "problem": UserError("no_model", folder="x").problem}
    )
    warning, finding = doctor.check_models(tmp_path, [good, wrong])
    assert warning.state == "warn"
    assert warning.sentence.startswith("odd: ")
    assert finding == Finding("models", "ok", "1 found: demo.")


def test_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finding = doctor.check_port(port)
        assert finding.state == "warn"
        assert f"--port {port + 1}" in finding.sentence
    assert doctor.check_port(port).state == "ok"


def test_the_exit_code_and_the_two_forms(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [Finding("a", "ok", "Fine."), Finding("b", "warn", "Hm.")]
    assert doctor.show(findings, as_json=False) == 0
    assert capsys.readouterr().out == "ok    a         Fine.\nwarn  b         Hm.\n"
    assert doctor.show([*findings, Finding("c", "bad", "No.")], as_json=True) == 1
    assert json.loads(capsys.readouterr().out)[2] == {
        "name": "c",
        "state": "bad",
        "sentence": "No.",
    }


def test_on_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    parser.set_defaults(data_dir=None, models_dir=None, outputs_dir=None, port=None)
    for name in ("data", "models", "outputs"):
        parser.add_argument(f"--{name}-dir", type=Path)
    parser.add_argument("--port", type=int)
    doctor.add_arguments(parser)
    arguments = ["--json", "--data-dir", str(tmp_path), "--port", "7999"]
    doctor.run(parser.parse_args(arguments))
    findings = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert set(findings) == {
        *("python", "torch", "device", "packages", "memory", "disk", "data", "outputs"),
        *("models", "port"),
    }
    assert findings["python"]["state"] == findings["torch"]["state"] == "ok"
    assert str(Paths.choose(tmp_path).outputs) in findings["outputs"]["sentence"]
    for entry in findings.values():
        assert entry["sentence"].endswith(".") and "\n" not in entry["sentence"]
