import json

import pytest
import torch

from webui.doctor import ask_torch
from webui.worker.probe import torch_facts, trouble


def test_the_doctor_understands_the_probe() -> None:
    """In a process of its own, as the doctor starts it."""
    facts = ask_torch()
    assert not isinstance(facts, str), facts
    assert facts.version == torch.__version__
    assert facts.cuda == torch.version.cuda
    assert len(facts.devices) == (
        torch.accelerator.device_count() if torch.accelerator.is_available() else 0
    )


def test_facts_are_plain_data() -> None:
    facts = torch_facts()
    assert json.loads(json.dumps(facts))["version"] == torch.__version__


def test_a_device_that_computes_is_no_trouble() -> None:
    assert trouble(torch.device("cpu")) == ""


def test_a_device_that_does_not_compute_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trouble(torch.device("cuda", 99)) != ""

    def broken(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("CUDA error: no kernel image is available\nmore lines")

    monkeypatch.setattr(torch, "ones", broken)
    assert trouble(torch.device("cuda")) == "CUDA error: no kernel image is available"


def test_wrong_numbers_are_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "ones", torch.zeros)
    assert trouble(torch.device("cpu")) == "it computes wrong numbers"
