import pytest
import torch

from tests.engine.stub import StubModel
from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.models import manager as module
from webui.models.manager import ModelManager


class Loads:
    """A family that notes what it loads."""

    name = "stub"

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, info, device, progress):
        progress(0.5)
        self.loaded.append(info.id)
        model = StubModel()
        model.info = info
        return model


@pytest.fixture
def family(monkeypatch):
    family = Loads()
    monkeypatch.setattr(module, "FAMILIES", {"stub": family})
    return family


def info(name: str, **changes) -> ModelInfo:
    return ModelInfo(id=name, path=f"{name}.safetensors", format="file", family="stub", **changes)


def quiet(share: float) -> None:
    assert 0 <= share <= 1


def test_a_model_in_use_is_not_loaded_again(family):
    models = ModelManager(torch.device("cpu"))
    first = models.get(info("a"), quiet)
    assert models.get(info("a", hash="0123456789"), quiet) is first, "its hash became known"
    models.get(info("b"), quiet)
    models.get(info("a"), quiet)
    assert family.loaded == ["a", "b", "a"]


def test_a_file_that_was_replaced_is_loaded_anew(family):
    models = ModelManager(torch.device("cpu"))
    models.get(info("a", bytes=1), quiet)
    models.get(info("a", bytes=2), quiet)
    assert family.loaded == ["a", "a"]


def test_a_load_that_is_stopped_leaves_nothing_behind(family):
    def stop(share: float) -> None:
        raise TimeoutError

    models = ModelManager(torch.device("cpu"))
    with pytest.raises(TimeoutError):
        models.get(info("a"), stop)
    models.get(info("a"), quiet)
    assert family.loaded == ["a"]


def test_a_model_of_another_kind_is_named(family):
    with pytest.raises(UserError, match="flux-dev") as raised:
        ModelManager(torch.device("cpu")).get(
            ModelInfo(id="flux-dev", path="x", format="file", family="flux"), quiet
        )
    assert raised.value.problem.field == "model"
