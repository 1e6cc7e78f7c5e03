"""Models that draw by themselves are told apart from those that the engine walks for."""

from tests.fakes import FakeModel
from tests.models.families.drawing import load
from tests.tiny_flows import info_of, write_sd3
from webui.models.families.generic import Generic
from webui.models.whole import WholePipeline


def test_who_draws_by_itself(tmp_path):
    pipeline = load(Generic(), info_of(write_sd3(tmp_path / "tiny"), "diffusers"))
    assert isinstance(pipeline, WholePipeline)
    assert not isinstance(FakeModel(), WholePipeline)
