import io
import os
import weakref
from pathlib import Path

import pytest
import torch

from tests.fakes import FakeFamily
from tests.tiny import write_tiny
from webui.core.errors import UserError
from webui.core.memory import Rung
from webui.core.offers import ModelCard, ModelInfo
from webui.models import tensors
from webui.models.families.sd1 import SD1
from webui.models.manager import ModelManager, Wanted

CPU = torch.device("cpu")


GB = 10**9


def info(name: str | Path, gigabytes: float = 0, **changes) -> ModelInfo:
    values = {"format": "fake", "family": "fake", "bytes": int(gigabytes * GB), **changes}
    return ModelInfo(id=Path(name).stem, path=f"{name}.safetensors", **values)


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total


class Machine:
    """Memory of a machine; what models take of it is not counted."""

    def __init__(self, free: float = 64, total: float = 64) -> None:
        self.free, self.total = free, total

    def __call__(self) -> tuple[int, int]:
        return int(self.free * GB), int(self.total * GB)


@pytest.fixture
def family():
    return FakeFamily()


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def models(family, machine):
    return ModelManager(CPU, {"fake": family}, machine)


def budget(percent: int) -> Wanted:
    return Wanted(budget=percent)


def test_a_model_in_use_is_not_loaded_again(models, family):
    first = models.get(info("a"), quiet)
    assert models.get(info("a", hash="0123456789"), quiet) is first, "its hash became known"
    models.get(info("b"), quiet)
    models.get(info("a"), quiet)
    assert family.loaded == ["a", "b"], "those used last are kept"


def test_the_one_that_was_not_used_for_longest_goes_first(models, family):
    for name in ("a", "b", "c"):
        models.get(info(name, 5), quiet, (), budget(40))
    models.get(info("a", 5), quiet, (), budget(40))
    models.get(info("d", 5), quiet, (), budget(40))  # 25.6 GB: not for four, loaded as float32
    models.get(info("a", 5), quiet, (), budget(40))
    models.get(info("c", 5), quiet, (), budget(40))
    models.get(info("b", 5), quiet, (), budget(40))
    assert family.loaded == ["a", "b", "c", "d", "b"]


def test_what_the_machine_has_not_is_not_counted_on(models, family, machine):
    models.get(info("a", 5), quiet)
    machine.free = 3
    models.get(info("b", 5), quiet)
    models.get(info("a", 5), quiet)
    assert family.loaded == ["a", "b", "a"]


def test_a_budget_of_nothing_keeps_the_model_in_use_only(models, family):
    for name in ("a", "a", "b", "a"):
        models.get(info(name, 1), quiet, (), budget(1))
    assert family.loaded == ["a", "b", "a"]


def test_a_file_that_was_replaced_is_loaded_anew(models, family, tmp_path):
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"one")
    models.get(info(tmp_path / "a"), quiet)
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    models.get(info(tmp_path / "a"), quiet)
    models.get(info(tmp_path / "a"), quiet)
    assert family.loaded == ["a", "a"]


@pytest.mark.parametrize("change", [{"prediction": "v_prediction"}, {"storage": "8bit"}])
def test_a_card_that_was_changed_too(models, family, change):
    models.get(info("a"), quiet)
    card = ModelCard(**change)
    assert models.get(info("a", card=card), quiet).info.card is card
    assert family.loaded == ["a", "a"]


def test_a_model_that_must_go_is_gone_before_the_next_is_loaded(models):
    old = weakref.ref(models.get(info("a", 1), quiet, (), budget(1)))
    seen: list[object] = []
    models.get(info("b", 1), lambda done, total: seen.append(old()), (), budget(1))
    assert seen and set(seen) == {None}


def test_a_load_that_is_stopped_leaves_nothing_behind_and_the_other_model_works(models, family):
    def stop(done: int, total: int) -> None:
        raise TimeoutError

    models.get(info("b"), quiet)
    with pytest.raises(TimeoutError):
        models.get(info("a"), stop)
    models.get(info("b"), quiet)
    models.get(info("a"), quiet)
    assert family.loaded == ["b", "a"]


def test_a_model_of_another_kind_is_named(models):
    with pytest.raises(UserError, match="flux-dev") as raised:
        models.get(info("flux-dev", family="flux"), quiet)
    assert raised.value.problem.field == "model"


def test_the_same_file_in_other_bits_is_a_model_of_its_own(models, family):
    plain, small = info("a"), info("a").stored("4bit")
    both = [models.get(one, quiet) for one in (plain, small)]
    again = [models.get(one, quiet) for one in (plain.stored("native"), small)]
    assert both[0] is not both[1] and all(a is b for a, b in zip(both, again, strict=True))
    assert family.loaded == ["a", "a"]
    assert [one.info.card.storage for one in again] == ["native", "4bit"]


def test_models_of_one_job_go_last(models, family):
    both = [info(name).weights for name in ("b", "a")]
    for name in ("a", "c", "b"):
        models.get(info(name, 5), quiet, both, budget(35))
    assert family.loaded == ["a", "c", "b"]
    models.get(info("a", 5), quiet, both, budget(35))
    assert family.loaded == ["a", "c", "b"], "c went, though a was not used for longer"


# -- real models


@pytest.fixture
def real(tiny, tmp_path):
    """A catalog's word on two models."""
    return tiny.folder_info, write_tiny(tmp_path, seed=1).folder_info


def test_switching_between_two_pooled_models_reads_nothing_from_disk(real, machine, monkeypatch):
    models = ModelManager(CPU, machine=machine)
    kept = [models.get(one, quiet) for one in real]
    opened: list[object] = []

    def forbidden(*given, **more):
        opened.append(given)
        raise AssertionError(f"{given} was opened")

    for module, name in ((tensors, "safe_open"), (io, "open")):
        monkeypatch.setattr(module, name, forbidden)
    monkeypatch.setattr("builtins.open", forbidden)
    for _ in range(3):
        assert [models.get(one, quiet) for one in real] == kept
    monkeypatch.undo()
    assert opened == []


def test_a_model_that_vanished_is_said_to_be_gone_and_the_other_one_works(tmp_path):
    made = write_tiny(tmp_path)
    one = made.file_info
    sd1 = ModelManager(CPU, {"sd1": SD1(made.folder)})
    kept = sd1.get(made.folder_info, quiet)
    sd1.get(one, quiet)
    made.file.unlink()
    with pytest.raises(UserError, match=made.file.name):
        sd1.get(one, quiet)
    assert sd1.get(made.folder_info, quiet) is kept


@pytest.mark.parametrize("ending", ["safetensors", "gguf", "ckpt"])
@pytest.mark.parametrize("data", [b"", b"GGUF\x03\0\0\0", b"PK\x03\x04", b"<html>404</html>" * 9])
def test_a_file_that_is_broken_is_named_and_the_other_model_works(tiny, tmp_path, ending, data):
    path = tmp_path / f"bad.{ending}"
    path.write_bytes(data)
    models = ModelManager(CPU)
    kept = models.get(tiny.folder_info, quiet)
    bad = tiny.file_info.model_copy(update={"path": str(path), "format": ending})
    with pytest.raises(UserError, match=rf"bad\.{ending} is (damaged|cut off)"):
        models.get(bad, quiet)
    assert models.get(tiny.folder_info, quiet) is kept
    assert kept.encode_texts(["a"])[0].tokens.isfinite().all()


def test_a_model_is_placed_where_it_is_wanted(real):
    models = ModelManager(CPU)
    model = models.get(real[0], quiet)
    assert models.rung_of(model) == Rung(place="cpu")
    lower = Rung(place="cpu", tile=256, sliced=True)
    assert models.get(real[0], quiet, (), Wanted(rung=lower)) is model
    assert models.rung_of(model) == lower
    models.make_room()
    assert models.get(real[0], quiet) is model
    assert models.rung_of(model) == Rung(place="cpu")


def test_a_rounded_model_is_loaded_anew_for_what_needs_full_precision(real):
    models = ModelManager(CPU)
    eight = Wanted(rung=Rung(place="fp8"))
    rounded = models.get(real[0], quiet, (), eight)
    assert models.get(real[0], quiet, (), eight) is rounded
    assert rounded.placement.rounded
    whole = models.get(real[0], quiet)
    assert whole is not rounded and not whole.placement.rounded


def test_a_model_asked_for_while_another_draws_can_still_be_changed(real):
    models = ModelManager(CPU)
    with torch.inference_mode():
        model = models.get(real[0], quiet)
    assert not any(one.is_inference() for one in model.unet.parameters())


def test_what_there_is_counts_what_pooled_models_would_free(models, machine):
    models.get(info("a", 5), quiet)
    machine.free = 10
    memory = models.memory()
    assert (memory.kind, memory.free, memory.total) == ("cpu", 15 * GB, 64 * GB)
