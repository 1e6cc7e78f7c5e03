import os
import weakref
from pathlib import Path

import pytest
import torch

from tests.fakes import FakeFamily
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.models.manager import ModelManager

CPU = torch.device("cpu")


def info(name: str | Path, **changes) -> ModelInfo:
    values = {"format": "fake", "family": "fake", **changes}
    return ModelInfo(id=Path(name).stem, path=f"{name}.safetensors", **values)


def quiet(share: float) -> None:
    assert 0 <= share <= 1


@pytest.fixture
def family():
    return FakeFamily()


@pytest.fixture
def models(family):
    return ModelManager(CPU, {"fake": family})


def test_a_model_in_use_is_not_loaded_again(models, family):
    first = models.get(info("a"), quiet)
    assert models.get(info("a", hash="0123456789"), quiet) is first, "its hash became known"
    models.get(info("b"), quiet)
    models.get(info("a"), quiet)
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


def test_the_old_model_is_gone_before_the_next_is_loaded(models):
    old = weakref.ref(models.get(info("a"), quiet))
    seen: list[object] = []
    models.get(info("b"), lambda share: seen.append(old()))
    assert seen and set(seen) == {None}


def test_a_load_that_is_stopped_leaves_nothing_behind(models, family):
    def stop(share: float) -> None:
        raise TimeoutError

    models.get(info("b"), quiet)
    with pytest.raises(TimeoutError):
        models.get(info("a"), stop)
    models.get(info("a"), quiet)
    assert family.loaded == ["b", "a"]


def test_a_model_of_another_kind_is_named(models):
    with pytest.raises(UserError, match="flux-dev") as raised:
        models.get(info("flux-dev", family="flux"), quiet)
    assert raised.value.problem.field == "model"


def test_models_of_one_job_stay_side_by_side(models, family):
    both = [info(name).path for name in ("a", "b")]
    for name in ("a", "b", "a", "b"):
        models.get(info(name), quiet, both)
    assert family.loaded == ["a", "b"]
    models.get(info("c"), quiet, [info("c").path])
    models.get(info("a"), quiet, both)
    assert family.loaded == ["a", "b", "c", "a"]


def test_where_there_is_no_room_the_other_model_goes(models, family):
    both = [info(name).path for name in ("a", "b")]
    old = weakref.ref(models.get(info("a"), quiet, both))
    models.get(info("b", bytes=2**60), quiet, both)
    assert old() is None
