"""What settings say about the film."""

import pytest

from webui.timeline.output import silent, unmet, wishes
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of


def values(**given):
    return settings_of({"prompts": {"0": "a"}, **given}).values


def test_nothing_said():
    wish = wishes(values())
    assert (wish.fps, wish.soundtrack, wish.interpolate, wish.slow) == (15, "none", 1, 1)
    assert not list(unmet(values()))


def test_sound_and_pace():
    wish = wishes(
        values(
            fps=24,
            add_soundtrack="Init Video",
            frame_interpolation_engine="RIFE v4.6",
            frame_interpolation_x_amount=4,
            frame_interpolation_slow_mo_amount=3,
        )
    )
    assert (wish.fps, wish.soundtrack, wish.interpolate, wish.slow) == (24, "clip", 4, 1)
    slowed = {"frame_interpolation_engine": "FILM", "frame_interpolation_slow_mo_enabled": True}
    assert wishes(values(**slowed, frame_interpolation_slow_mo_amount=3)).slow == 3
    assert wishes(values(add_soundtrack="File")).soundtrack == "file"


def test_what_no_film_can_do_becomes_what_it_can():
    between = {"frame_interpolation_engine": "FILM", "frame_interpolation_slow_mo_enabled": True}
    for given, meant in ((0, 1), (-3, 1), (7, 7), (1000, 10)):
        wish = wishes(
            values(
                **between,
                frame_interpolation_x_amount=given,
                frame_interpolation_slow_mo_amount=given,
            )
        )
        assert (wish.interpolate, wish.slow, wish.engine) == (meant, meant, "FILM")
    assert wishes(values()).engine is None


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({}, None),
        ({"add_soundtrack": "File", "soundtrack_path": "a.wav"}, "soundtrack_path"),
        ({"add_soundtrack": "File"}, "soundtrack_path"),
        ({"add_soundtrack": "Init Video", "video_init_path": "a.mp4"}, "video_init_path"),
        ({"add_soundtrack": "None", "soundtrack_path": "a.wav"}, None),
        ({"add_soundtrack": "File", "soundtrack_path": "there.wav"}, None),
    ],
)
def test_a_sound_that_is_missing_is_told(given, parameter):
    found = silent(values(**given), lambda _, name: name == "there.wav")
    assert (found and found.parameter) == parameter


def test_what_is_too_fast_for_a_film():
    assert wishes(values(fps=1e9)).fps == 240


def test_what_is_done_otherwise_is_told_with_the_plan():
    given = {
        "prompts": {"0": "a"},
        "frame_interpolation_engine": "FILM",
        "r_upscale_video": True,
        "make_gif": True,
        "delete_imgs": True,
        "tiling": True,
        "restore_faces": True,
        "motion_preview_mode": True,
        "resume_from_timestring": True,
        "hybrid_generate_human_masks": "Both",
        "color_coherence": "Video Input",
    }
    plan = plan_of(settings_of(given))
    assert plan.ok
    told = {one.parameter: one.problem.message for one in plan.warnings}
    assert (
        "optical flow" in told["frame_interpolation_engine"]
        and "FILM" in told["frame_interpolation_engine"]
    )
    assert given.keys() - {"prompts"} <= set(told)
    clip = {"animation_mode": "Video Input", "color_coherence": "Video Input"}
    assert not list(unmet(values(**clip)))
