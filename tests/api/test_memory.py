import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.doors import Client
from tests.fake_worker import MEMORY
from webui.core.paths import Paths
from webui.jobs.queue import Jobs


@pytest.fixture
def needs(client: Client, monkeypatch: pytest.MonkeyPatch):
    """Asks after a worker has told of its 2 GB."""
    monkeypatch.setattr(Jobs, "memory", property(lambda self: MEMORY))

    def ask(**values):
        response = client("POST", "/api/v1/estimate", json=values)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def test_where_all_fits_there_is_nothing_to_say(needs):
    answer = needs(width=512, height=512)
    assert answer["sentence"] == {"en": "", "pl": ""}
    assert answer["estimate"]["measures"] == []
    assert answer["estimate"]["needed"] < answer["estimate"]["free"] == 2 * 10**9


def test_what_is_done_to_make_it_fit_is_said_in_both_languages(needs):
    answer = needs(width=1024, height=1024, prompt="a", batch_count=4, steps=20)
    assert answer["estimate"]["rung"]["tile"] == 512
    assert answer["sentence"]["en"] == "Needs about 4.0 GB of memory, 2.0 GB are free: tiled VAE."
    assert (
        answer["sentence"]["pl"]
        == "Potrzeba około 4,0 GB pamięci, wolne są 2,0 GB: VAE po kafelku."
    )


def test_what_may_fail_is_said_to(needs):
    answer = needs(width=2048, height=2048, hires=None)
    assert not answer["estimate"]["enough"]
    assert "it may fail" in answer["sentence"]["en"]


def test_a_batch_needs_more_and_a_budget_leaves_less(needs, client: Client):
    one, four = needs(width=512, height=512), needs(width=512, height=512, batch_size=4)
    assert four["estimate"]["needed"] > one["estimate"]["needed"]
    client("PATCH", "/api/v1/settings", json={"memory_budget": 10})
    try:
        assert needs(width=512, height=512)["estimate"]["free"] == 0.8 * 10**9
    finally:
        client("PATCH", "/api/v1/settings", json={"memory_budget": 80})


def test_values_that_make_no_sense_and_models_that_are_not_there(needs, client: Client):
    for values, field in (({"width": "wide"}, "width"), ({"model": "none"}, "model")):
        response = client("POST", "/api/v1/estimate", json=values)
        assert 400 <= response.status_code < 500
        assert response.json()["problems"][0]["field"] == field


def test_before_a_worker_has_told_of_its_memory_nothing_is_said(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Jobs, "memory", property(lambda self: None))
    response = client("POST", "/api/v1/estimate", json={"width": 2048})
    assert response.json() == {"estimate": None, "sentence": {"en": "", "pl": ""}}


def test_a_control_net_counts_as_one_of_the_models(needs, paths: Paths):
    folder = paths.models / "controlnet"
    folder.mkdir(parents=True, exist_ok=True)
    names = ("controlnet_cond_embedding.conv_in.weight", "controlnet_down_blocks.0.weight")
    save_file(
        {name: np.zeros((250, 100, 100), np.float16) for name in names}, folder / "x.safetensors"
    )

    def unit(**values):
        unit = {"model": "x", **values}
        return needs(batch_size=8, extensions={"controlnet": {"units": [unit]}})

    plain, led = needs(batch_size=8), unit()  # the network is called at the worst moment
    more = led["estimate"]["whole"] - plain["estimate"]["whole"]
    assert more == pytest.approx(1.05 * 10**7, rel=0.01)
    for off in ({"enabled": False}, {"weight": 0}, {"model": "none"}):
        assert unit(**off) == plain


def test_values_that_an_extension_cannot_take_are_named(client: Client):
    body = {"extensions": {"controlnet": {"units": [{"weight": "much"}]}}}
    response = client("POST", "/api/v1/estimate", json=body)
    assert response.status_code == 422
    assert response.json()["problems"][0]["field"] == "extensions.controlnet.units.0.weight"


def test_fewer_bits_need_less(needs):
    def whole(storage: str | None) -> int:
        return needs(batch_size=8, storage=storage)["estimate"]["whole"]

    assert whole("4bit") < whole("8bit") < whole(None) == whole("native")


def test_schedules_of_extensions_count_as_usual_in_an_animation(needs):
    unit = {"weight": "0:(0.2), 9:(1)", "resolution": 64}
    answer = needs(kind="animation", extensions={"controlnet": {"units": [unit]}})
    assert answer["estimate"]["enough"]
