import pytest

from webui.core.sampling import SCHEDULES, sampler_named
from webui.library.cards import CARDS, VARIANTS, card_of, speed_of
from webui.library.flows import FLOW_PARTS
from webui.library.pipelines import GENERIC


def test_every_family_has_a_card_and_those_with_a_unet_a_preview():
    for family, card in CARDS.items():
        assert card.family == family
        if family in FLOW_PARTS or family == GENERIC:
            continue
        assert card.preview is not None
        assert len(card.preview.matrix) == 4


def test_cards_name_what_there_is():
    for family in CARDS:
        for variant in (None, *VARIANTS):
            card = card_of(family, variant, "a model")
            assert sampler_named(card.sampler) is not None
            assert card.schedule in {info.name for info in SCHEDULES}
            assert card.width % 64 == card.height % 64 == 0


@pytest.mark.parametrize(
    ("name", "speed"),
    [
        ("sd_xl_turbo_1.0_fp16", "turbo"),
        ("dreamshaperXL_lightningDPMSDE", "lightning"),
        ("juggernautXL-v9-RunDiffusionPhoto_v2_Lightning_4S", "lightning"),
        ("realvisxlV40Turbo", "turbo"),
        ("Hyper-SDXL", "hyper"),
        ("my-LCM-mix", "lcm"),
        ("lcmix", None),
        ("turbocharged", None),
        ("hyperrealistic", None),
        ("v1-5-pruned-emaonly", None),
    ],
)
def test_speeds_are_words_of_the_name(name, speed):
    assert speed_of(name) == speed


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("sdxl_lightning_4step", 4),
        ("sdxl_lightning_2steps", 2),
        ("x Lightning 8-step", 8),
        ("sdxl_lightning", 8),
        ("lightning 100steps", 8),
        ("v4 lightning", 8),
    ],
)
def test_the_steps_a_name_tells(name, steps):
    assert card_of("sdxl", "lightning", name).steps == steps


def test_a_model_that_takes_many_steps_is_not_told_few():
    assert card_of("sd1", None, "trained_for_10_steps").steps == CARDS["sd1"].steps


@pytest.mark.parametrize(
    ("family", "name", "side"),
    [
        ("sd2", "v2-1_768-ema-pruned", 768),
        ("sd2", "512-base-ema", 512),
        ("sd2", "illuminati", 768),
        ("sdxl", "sd_xl_base_1.0", 1024),
        ("sdxl", "sd_xl_turbo_1.0", 512),
        ("sdxl", "dreamshaperXL_v21TurboDPMSDE", 1024),
        ("sd1", "x_512", 512),
    ],
)
def test_sizes(family, name, side):
    card = card_of(family, None, name)
    assert (card.width, card.height) == (side, side)
    assert card_of(family, None, name, 256).width == 256
