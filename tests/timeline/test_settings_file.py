import json
from typing import Any

import pytest

from tests.golden import golden
from webui.timeline.parameters import PARAMETERS
from webui.timeline.settings_file import (
    defaults,
    read_settings,
    settings_of,
    upgraded,
    write_settings,
)


def misc() -> dict[str, Any]:
    return json.loads(golden("deforum/misc.json").read_text(encoding="utf-8"))


def test_old_names_and_values_become_todays():
    assert len(misc()["deprecated_settings"]) == 17
    for case in misc()["deprecated_settings"]:
        assert upgraded(case["before"]) == case["after"], case["before"]


def test_what_is_left_out_has_deforums_default():
    settings = read_settings('{"prompts": {"0": "a"}, "max_frames": 5}')
    assert settings.compat == "deforum-3" and not settings.errors and not settings.warnings
    wanted = {**defaults(), "prompts": {"0": "a"}, "max_frames": 5, "legacy_colormatch": True}
    assert dict(settings.values) == wanted
    assert settings.given == {"prompts", "max_frames", "legacy_colormatch"}
    native = read_settings('{"compat": "native", "prompts": {"0": "a"}}')
    assert native.native and native.values["legacy_colormatch"] is False


def test_every_key_that_a_run_of_deforum_writes_is_known():
    keys = misc()["settings_file_keys_written_by_a_run"]
    row = {**defaults(), "positive_prompts": "p", "negative_prompts": "n"}
    settings = settings_of({key: row.get(key, "") for key in keys})
    assert settings.unknown == () and settings.errors == () and settings.warnings == ()
    assert settings.values["animation_prompts_positive"] == "p"
    assert settings.values["animation_prompts_negative"] == "n"


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("max_frames", "30", 30),
        ("max_frames", 30.0, 30),
        ("max_frames", 30.7, 30),
        ("strength", "0.5", 0.5),
        ("fill", 2, "latent noise"),
        ("fill", "fill", "fill"),
        ("use_init", 1, True),
        ("use_init", "false", False),
        ("angle", 0.35, "0:(0.35)"),
        ("cn_3_weight", 0.7, "0:(0.7)"),
        ("diffusion_redo", "2", 2),
        ("color_coherence", "lab", "LAB"),
        ("color_coherence", "Match Frame 0 RGB", "RGB"),
        ("hybrid_composite", True, "Normal"),
        ("depth_algorithm", "Depth-Anything", "Depth-Anything"),
        ("parseq_manifest", None, None),
        ("parseq_manifest", {"a": 1}, '{"a": 1}'),
        ("init_images", '{"0": "a.png",}', {"0": "a.png"}),
        ("prompts", '{"0": "a", "5": "b",}', {"0": "a", "5": "b"}),
        ("prompts", [{"frame": 0, "prompt": "a"}], [{"frame": 0, "prompt": "a"}]),
        ("animation_prompts", {"0": "a"}, {"0": "a"}),
        ("fps", 12.5, 12.5),
        ("seed", 2**63 - 1, 2**63 - 1),
        ("resume_timestring", 20230129210106, "20230129210106"),
    ],
)
def test_what_a_value_is_taken_for(name, value, taken):
    settings = settings_of({name: value})
    assert settings.errors == ()
    assert settings.values["prompts" if name == "animation_prompts" else name] == taken


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("max_frames", "many", "settings_type"),
        ("max_frames", True, "settings_type"),
        ("max_frames", 0, "settings_least"),
        ("max_frames", 10**9, "settings_most"),
        pytest.param("max_frames", 10**400, "settings_type", id="huge"),
        ("fps", 0, "settings_least"),
        ("fps", "nan", "settings_type"),
        ("seed_iter_N", 0, "settings_least"),
        ("diffusion_cadence", 0, "settings_least"),
        ("W", 0, "settings_least"),
        ("seed", -2, "settings_least"),
        ("use_init", "maybe", "settings_type"),
        ("use_init", [], "settings_type"),
        ("angle", ["0:(1)"], "settings_type"),
        ("angle", True, "settings_type"),
        ("batch_name", [5], "settings_type"),
        ("seed", 2**63, "settings_type"),
        ("color_coherence", "CMYK", "settings_choice"),
        ("fill", 9, "settings_choice"),
        ("fill", {}, "settings_choice"),
        ("prompts", "a cat", "settings_inner_json"),
        ("prompts", "5", "settings_prompt_rows"),
        ("prompts", {"0": 5}, "settings_prompt_text"),
        ("prompts", [{"frame": 0, "promt": "a"}], "settings_prompt_row"),
        ("compat", "deforum-4", "settings_choice"),
    ],
)
def test_what_does_not_fit_is_told_and_has_its_default(name, value, code):
    settings = settings_of({"prompts": {"0": "a"}, name: value})
    assert [(found.parameter, found.problem.code) for found in settings.errors] == [(name, code)]
    assert settings.values.get(name) == defaults().get(name)
    assert name in settings.errors[0].problem.message


def test_what_is_switched_off_may_be_broken():
    given = {"prompts": {"0": "a"}, "init_images": "[1]"}
    settings = settings_of(given)
    assert settings.errors == () and [found.parameter for found in settings.warnings] == [
        "init_images"
    ]
    settings = settings_of({**given, "use_looper": True})
    assert [found.parameter for found in settings.errors] == ["init_images"]


def test_what_is_ours_is_told_in_deforums_mode():
    settings = settings_of({"prompts": {"0": "a"}, "bpm": 90})
    assert [found.problem.code for found in settings.warnings] == ["settings_native"]
    assert settings_of({"prompts": {"0": "a"}, "bpm": 90, "compat": "native"}).warnings == ()


def test_unknown_keys_are_listed():
    settings = settings_of({"prompts": {"0": "a"}, "histogram_matching": True, "outdir": "x"})
    assert settings.unknown == ("histogram_matching",)
    assert [found.problem.code for found in settings.warnings] == ["settings_unknown"]


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("", "settings_json", 0),
        ('{"a": 1,}', "settings_json", None),
        ('{"a": NaN}', "settings_number", 0),
        ("[1]", "settings_object", 0),
        ('"x"', "settings_object", 0),
        ("[" * 100000, "settings_deep", 0),
        ('{"seed": ' + "9" * 5000 + "}", "settings_number", 0),
    ],
)
def test_a_file_that_is_none(text, code, position):
    settings = read_settings(text)
    assert [found.problem.code for found in settings.errors] == [code]
    found = settings.errors[0]
    assert found.parameter == "settings" and (position is None or found.position == position)


def test_names_that_stand_twice_are_told():
    settings = read_settings('{"prompts": {"0": "a", "0": "b"}, "seed": 1, "seed": 2}')
    assert settings.values["prompts"] == {"0": "b"} and settings.values["seed"] == 2
    told = [(found.parameter, found.problem.code) for found in settings.warnings]
    assert told == [("0", "settings_twice"), ("seed", "settings_twice")]


def test_a_mark_at_the_beginning_is_no_error():
    assert read_settings('\ufeff{"prompts": {"0": "a"}}').errors == ()


@pytest.mark.parametrize("compat", ["deforum-3", "native"])
def test_what_is_written_is_read_back(compat):
    given = {
        "compat": compat,
        "prompts": {"0": "a --neg b", "max_f/2": "łąka 猫"},
        "positive_prompts": "masterpiece",
        "angle": "0:(t)",
        "perlin_w": 4,
        "seed": 5,
        **({"series": {"volume": [0, 1]}, "bpm": 90} if compat == "native" else {}),
    }
    settings = settings_of(given)
    text = write_settings(settings)
    again = read_settings(text)
    assert again.errors == again.warnings == again.unknown == ()
    assert again.values == settings.values and again.compat == compat
    assert write_settings(again) == text
    assert "łąka 猫" in text


def test_files_are_written_in_deforums_order():
    keys = list(json.loads(write_settings(settings_of({}))))
    written = [key for key in misc()["settings_file_keys_written_by_a_run"]]
    assert keys[0] == "compat" and keys[1:] == written[: len(keys) - 1]
    assert len(PARAMETERS) > 250
