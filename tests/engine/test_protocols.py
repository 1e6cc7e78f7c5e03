"""What is handed to samplers is what they are promised."""

from tests.engine.mixture import ListedNoise, made_up
from webui.engine.guidance import Guider
from webui.engine.noise import Noise, NoiseSource
from webui.engine.protocols import Denoiser


def asked_for(protocol: type) -> set[str]:
    names = {name for name in vars(protocol) if not name.startswith("_")}
    return names | ({"__call__"} if "__call__" in vars(protocol) else set())


def test_the_guider_and_the_tests_own_are_denoisers():
    assert asked_for(Denoiser) == {"__call__", "needs_uncond", "uncond"}
    for kind in (Guider, type(made_up())):
        assert asked_for(Denoiser) <= set(dir(kind))


def test_noise_sources_have_all_that_samplers_ask_for():
    assert asked_for(Noise) == {"draw", "brownian"}
    for kind in (NoiseSource, ListedNoise):
        assert asked_for(Noise) <= set(dir(kind))
