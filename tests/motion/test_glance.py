"""The sheet of a motion against the same moves done one by one."""

from typing import Any

import numpy as np
import pytest

from webui.core.errors import UserError
from webui.motion.card import moving_card
from webui.motion.glance import MOST_FRAMES, MOST_TILES, Sheet, motion_sheet
from webui.motion.moves import motion_of, moved
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of

CARD = moving_card(32, 24)


def plan(**settings: Any) -> Plan:
    usual = {"compat": "native", "max_frames": 6, "W": 128, "H": 96, "prompts": {"0": "a"}}
    made = plan_of(settings_of({**usual, **settings}))
    assert made.ok
    return made


def tile(sheet: Sheet, number: int) -> np.ndarray[Any, Any]:
    row, column = divmod(number, sheet.columns)
    left, top = column * sheet.width, row * sheet.height
    return np.asarray(sheet.image.crop((left, top, left + sheet.width, top + sheet.height)))


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_each_frame_is_the_one_before_moved_as_webui_warp_does(compat: str):
    made = plan(compat=compat, angle="0:(3)", zoom="0:(1.1)", translation_x="0:(8)")
    sheet = motion_sheet(made, CARD)
    assert sheet.at == (0, 1, 2, 3, 4, 5) and (sheet.width, sheet.height) == (32, 24)
    picture = CARD.astype(np.float32) if compat == "native" else CARD
    for frame in range(6):
        if frame:
            picture = moved(picture, motion_of(made, frame).scaled(0.25))
        assert np.array_equal(tile(sheet, frame), np.rint(picture.clip(0, 255))), frame


def test_in_space_what_is_near_moves_more():
    made = plan(animation_mode="3D", translation_x="0:(10)")
    near_left = np.tile(np.linspace(255, 0, 32, dtype=np.uint8), (24, 1))
    flat, deep = motion_sheet(made, CARD), motion_sheet(made, CARD, lambda _: near_left)
    assert not np.array_equal(tile(flat, 5), tile(deep, 5))
    assert np.array_equal(tile(flat, 0), CARD) and np.array_equal(tile(deep, 0), CARD)


def test_a_long_animation_is_shown_by_some_of_its_frames():
    sheet = motion_sheet(plan(max_frames=4000, zoom="0:(1)"), CARD[:16, :16])
    assert len(sheet.at) == MOST_TILES and sheet.at[-1] == MOST_FRAMES - 1
    assert np.array_equal(tile(sheet, MOST_TILES - 1), CARD[:16, :16])


def test_a_mode_that_moves_nothing_says_so():
    with pytest.raises(UserError) as error:
        motion_sheet(plan(animation_mode="Interpolation"), CARD)
    assert error.value.problem.field == "animation_mode"
