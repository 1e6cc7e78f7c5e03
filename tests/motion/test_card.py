import numpy as np

from webui.motion.card import moving_card


def test_every_motion_shows_on_the_card():
    card = moving_card(96, 64)
    assert card.shape == (64, 96, 3) and card.dtype == np.uint8
    for turned in (card[::-1], card[:, ::-1], card[::-1, ::-1]):
        assert (turned != card).any(axis=-1).mean() > 0.05
    corners = [tuple(card[y, x].tolist()) for y in (0, -1) for x in (0, -1)]
    assert len(set(corners)) == 4
