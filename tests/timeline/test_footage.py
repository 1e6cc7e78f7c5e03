import pytest

from webui.timeline.footage import Needed, chosen, file_of, is_hybrid, length, needed, uses_clip
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

CLIP = {"video_init_path": "a.mp4"}


def plan(**values):
    made = plan_of(settings_of({"compat": "native", "prompts": {"0": "x"}, **values}))
    assert made.ok, made.errors
    return made


def files_of(**values):
    made = plan(**values)
    return needed(made.settings.values, made.texts)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, []),
        ({"use_init": True, "init_image": "i.png"}, [Needed("init_image", "i.png", "picture")]),
        ({"use_mask": True, "mask_file": "m.png"}, [Needed("mask_file", "m.png", "picture")]),
        (
            {"use_mask": True, "use_alpha_as_mask": True, "init_image": "i.png"},
            [Needed("init_image", "i.png", "picture")],
        ),
        (
            {"use_mask": True, "use_mask_video": True, "video_mask_path": "m.mp4"},
            [Needed("video_mask_path", "m.mp4", "film")],
        ),
        (
            {"use_mask": True, "mask_file": "m", "mask_schedule": '0: ("{video_mask} & ![b.png]")'},
            [
                Needed("mask_file", "m", "picture"),
                Needed("b.png", "b.png", "picture", "mask_schedule"),
            ],
        ),
        (
            {"color_coherence": "Image", "color_coherence_image_path": "c.png"},
            [Needed("color_coherence_image_path", "c.png", "picture")],
        ),
        (
            {"use_looper": True, "init_images": {"0": "a", "9": "b"}},
            [Needed("init_images.0", "a", "picture"), Needed("init_images.9", "b", "picture")],
        ),
        (
            {"animation_mode": "Video Input", **CLIP},
            [Needed("video_init_path", "a.mp4", "film")],
        ),
        (
            {"animation_mode": "3D", "depth_source": "d.png"},
            [Needed("depth_source", "d.png", "either")],
        ),
        ({"animation_mode": "Interpolation", "depth_source": "d.png"}, []),
        ({"hybrid_motion": "Affine", **CLIP}, [Needed("video_init_path", "a.mp4", "film")]),
        ({"hybrid_motion": "Affine", "animation_mode": "Interpolation"}, []),
    ],
)
def test_files_that_settings_name(settings, wanted):
    assert files_of(**settings) == wanted


def test_when_a_clip_is_followed():
    assert is_hybrid(plan(hybrid_composite="Normal").settings.values)
    assert not is_hybrid(plan(animation_mode="Interpolation").settings.values)
    assert uses_clip(plan(hybrid_generate_inputframes=True).settings.values)
    assert not uses_clip(plan().settings.values)


def test_what_was_sent_under_its_own_name_or_what_it_says():
    assert file_of({"init_image": "r"}, "init_image", "a.png") == "r"
    assert file_of({"a.png": "r"}, "init_image", "a.png") == "r"
    assert file_of({"": "r"}, "init_image", "") is None


@pytest.mark.parametrize(
    ("extract", "places"),
    [
        ({}, list(range(9))),
        ({"extract_nth_frame": 2}, [0, 2, 4, 6, 8]),
        ({"extract_from_frame": 2, "extract_to_frame": 6}, [2, 3, 4, 5, 6]),
        ({"extract_from_frame": 7, "extract_to_frame": 99, "extract_nth_frame": 0}, [7, 8]),
        ({"extract_from_frame": 9}, []),
    ],
)
def test_which_pictures_of_a_clip_are_taken(extract, places):
    assert list(chosen(plan(**extract).settings.values, 9)) == places


def test_a_clip_says_how_long_the_animation_is():
    values = plan(animation_mode="Video Input", **CLIP, extract_nth_frame=2).settings.values
    assert length(values, {"a.mp4": "r"}, {"r": 9}.get) == 5
    assert length(values, {}, {"r": 9}.get) is None
    assert length(values, {"a.mp4": "no film"}, {"r": 9}.get) is None
    assert length(plan(**CLIP).settings.values, {"a.mp4": "r"}, {"r": 9}.get) is None
    masks = {"use_mask_video": True, "video_mask_path": "m.mp4"}
    both = plan(animation_mode="Video Input", **CLIP, **masks).settings.values
    assert length(both, {"a.mp4": "r", "m.mp4": "s"}, {"r": 9, "s": 4}.get) == 4
    settings = settings_of({"compat": "native", "prompts": {"0": "x"}, "max_frames": 50})
    assert plan_of(settings, footage=7).frames == 7
