import pytest

from webui.library.cards import CARDS
from webui.library.latent_colors import FLUX2

CHANNELS = {"sd1": 4, "sd2": 4, "sdxl": 4, "sdxl-refiner": 4, "flux2": 128}


@pytest.mark.parametrize("family", [name for name in CARDS if name != "diffusers"])
def test_every_family_has_a_colour_for_each_channel_of_its_latents(family):
    preview = CARDS[family].preview
    assert preview is not None
    assert len(preview.matrix) == CHANNELS.get(family, 16)


def test_the_four_pixels_of_a_flux_2_latent_are_their_mean():
    assert FLUX2.matrix[12:16] == ((0.2144 / 4, 0.3009 / 4, 0.3652 / 4),) * 4
