"""The list of samplers is filled by the decorator only."""

import pytest

from webui.core.sampling import SamplerInfo, sampler_named
from webui.engine.plan import plan
from webui.engine.samplers import SAMPLERS, sampler
from webui.engine.samplers.registry import register
from webui.models.sigmas import SigmaTable


def nothing(denoise, x, sigmas, noise, options):
    return denoise(x, sigmas[0])


def test_a_name_of_the_menus_takes_its_data():
    assert SAMPLERS["Heun"].info is sampler_named("Heun")


def test_an_unknown_name_is_a_mistake():
    with pytest.raises(LookupError, match="Hoin"):
        sampler("Hoin")


def test_an_extensions_sampler_can_be_planned():
    register(SamplerInfo(name="Mine", automatic="Karras", second_order=True), nothing)
    try:
        laid = plan("Mine", "Automatic", 6, SigmaTable.scaled_linear())
    finally:
        del SAMPLERS["Mine"]
    assert laid.calls == 1
    assert laid.prompt_calls == 12
    assert len(laid.sigmas) == 7
