import json
import random
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.golden import golden
from webui.timeline.frames import frame_plan, frames_data
from webui.timeline.plan import Plan, is_known_sampler, plan_of
from webui.timeline.settings_file import settings_of


def planned(draw: random.Random | None = None, **values: Any) -> Plan:
    return plan_of(settings_of({"prompts": {"0": "a"}, "seed": 5, **values}), draw)


@cache
def read(name: str) -> dict[str, Any]:
    return json.loads(golden(f"deforum/{name}.json").read_text(encoding="utf-8"))


# Runs whose calls hold more than the plan, or another number of frames, known from a clip only.
VIDEO = ("c26", "c27", "c28b")
REDO = ("c18",)


def test_every_call_of_deforums_runs_is_the_plans():
    compared = 0
    for name, case in read("pipeline")["cases"].items():
        if not case.get("calls") or case["error"] or name.startswith((*VIDEO, *REDO)):
            continue
        settings = settings_of(
            {"legacy_colormatch": False, **case["settings_changed_from_default"]}
        )
        plan = plan_of(settings, random.Random(123))
        assert plan.ok, (name, plan.errors)
        assert len(plan.generated) == len(case["calls"]), name
        for frame, call in zip(plan.generated, case["calls"], strict=True):
            compare(f"{name} frame {frame}", plan, frame, call)
            compared += 1
    assert compared > 100


def compare(told: str, plan: Plan, frame: int, call: dict[str, Any]) -> None:
    made = frame_plan(plan, frame)
    for name in ("prompt", "negative_prompt", "seed", "subseed", "steps"):
        assert getattr(made, name) == call[name], f"{told}: {name}"
    assert plan.size == (call["width"], call["height"]), told
    assert made.subseed_strength == pytest.approx(call["subseed_strength"])
    assert made.cfg_scale == pytest.approx(call["cfg_scale"])
    assert made.sampler.lower() == call["sampler_name"].lower(), told
    assert (made.denoising_strength is None) == (call["kind"] == "txt2img"), told
    assert (made.denoising_strength or 0) == pytest.approx(call["denoising_strength"], abs=1e-12)
    assert (made.clip_skip or 1) == call["clip_skip"]
    assert (made.noise_multiplier or 1) == pytest.approx(call["noise_multiplier"])
    assert (made.eta_ddim or 0) == pytest.approx(call["eta_ddim"])
    assert (1 if made.eta_ancestral is None else made.eta_ancestral) == pytest.approx(
        call["eta_ancestral"]
    )
    if "image_cfg_scale" in call:
        assert made.image_cfg_scale == pytest.approx(call["image_cfg_scale"])


def test_runs_that_deforum_ends_with_a_broken_prompt_have_an_error():
    case = read("pipeline")["cases"]["c06_schedules_maxf_prompt_key"]
    plan = plan_of(settings_of(case["settings_changed_from_default"]))
    assert [(found.parameter, found.position) for found in plan.errors] == [("prompts.max_f-3", 0)]


SERIES = {
    "fov_series": "fov_schedule",
    "near_series": "near_schedule",
    "image_strength": "image_strength_schedule",
}


def test_parseq_manifests_take_the_place_of_schedules_as_in_deforum():
    data = read("parseq")
    for case in data["cases"]:
        plan = planned(
            parseq_manifest=data["manifest"],
            parseq_use_deltas=case["use_deltas"],
            parseq_non_schedule_overrides=case["non_schedule_overrides"],
            max_frames=case["ui_max_frames"],
        )
        assert plan.ok, plan.errors
        assert (plan.frames, plan.fps, plan.cadence) == (
            case["max_frames"],
            case["fps"],
            case["cadence"],
        )
        for name, values in case["series"].items():
            if name == "prompts":
                pairs = [value.split("--neg") for value in values]
                assert list(plan.positive) == [pair[0].strip() for pair in pairs]
                assert list(plan.negative) == [pair[1] for pair in pairs]
                continue
            parameter = SERIES.get(name, name.removesuffix("_series"))
            assert plan.series[parameter] == pytest.approx(values), name
        assert list(plan.seeds) == [int(seed) for seed in case["series"]["seed_schedule_series"]]
        wanted = [int(seed) for seed in case["series"]["subseed_schedule_series"]]
        assert list(plan.subseeds) == wanted


def test_seeds_and_frames_by_cadence():
    for case in read("misc")["cadence_frame_counts"]:
        plan = planned(seed=1000, max_frames=case["max_frames"], diffusion_cadence=case["cadence"])
        assert len(plan.generated) == case["generated"]
        made = [plan.seeds[frame] for frame in plan.generated]
        assert made[: len(case["seeds"])] == case["seeds"]
        losing = [found for found in plan.warnings if found.problem.code == "cadence_loses"]
        if case["cadence"] > 1:
            assert losing[0].problem.values["written"] == case["files_written"]
        else:
            assert losing == []


def test_subseeds_are_cut_like_deforums():
    for case in read("seeds")["subseed"]:
        plan = planned(
            enable_subseed_scheduling=True,
            subseed_schedule=case["subseed_schedule"],
            subseed_strength_schedule=case["subseed_strength_schedule"],
            max_frames=case["max_frames"],
            seed=case["seed"],
        )
        assert list(plan.subseeds) == case["subseed"]
        assert plan.subseed_strengths == pytest.approx(case["subseed_strength"])


@pytest.mark.parametrize("cadence", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("frames", [1, 2, 10, 11])
def test_native_animations_have_all_their_frames_and_end_with_a_generated_one(cadence, frames):
    plan = planned(compat="native", max_frames=frames, diffusion_cadence=cadence)
    assert plan.generated[0] == 0 and plan.generated[-1] == frames - 1
    assert not plan.warnings and plan.ok
    gaps = np.diff(plan.generated)
    assert not len(gaps) or gaps.max() <= cadence
    assert len(plan.seeds) == len(plan.positive) == len(plan.series["angle"]) == frames


@pytest.mark.parametrize("behavior", ["iter", "fixed", "random", "ladder", "alternate", "schedule"])
def test_a_native_plan_made_twice_is_the_same(behavior):
    plans = [
        planned(compat="native", seed_behavior=behavior, max_frames=9, diffusion_cadence=2)
        for _ in range(2)
    ]
    assert plans[0].seeds == plans[1].seeds
    assert all(0 <= seed < 2**32 for seed in plans[0].seeds)


def test_a_start_seed_is_drawn_once():
    plan = planned(seed=-1, seed_behavior="fixed", max_frames=3, angle="0:(s)")
    assert plan.start_seed >= 0 and set(plan.seeds) == {plan.start_seed}
    assert set(plan.series["angle"]) == {float(plan.start_seed)}
    assert planned(seed=-1).start_seed != planned(seed=-1).start_seed


def test_minus_one_of_a_schedule_is_left_to_the_generator_in_deforums_mode_only():
    given = {"seed_behavior": "schedule", "max_frames": 6, "seed": 7}
    assert planned(**given).seeds == (7, -1, -1, -1, 7, 7)
    native = planned(**given, compat="native").seeds
    assert native[0] == 7 and native[4] == native[5] == 7 and min(native) >= 0


def test_everything_that_is_wrong_is_told_at_once():
    plan = planned(
        angle="0:(x)",
        zoom="",
        mask_schedule='0:("{video_mask} [b]")',
        use_noise_mask=True,
        sampler_schedule="5:(a)",
        prompts={"0": "a", "x": "b"},
        parseq_manifest="{",
        series={"a b": 1},
        fps=-1,
    )
    assert {(found.parameter, found.position) for found in plan.errors} == {
        ("angle", 3),
        ("zoom", 0),
        ("mask_schedule", 17),
        ("sampler_schedule", 0),
        ("prompts.x", 0),
        ("parseq_manifest", 1),
        ("series.a b", None),
        ("fps", None),
    }
    assert not plan.ok and "angle" not in plan.series and "noise_schedule" in plan.series


def test_places_in_prompts_are_those_of_what_the_user_wrote():
    def told(**values: Any) -> list[tuple[str, int | None]]:
        plan = planned(max_frames=12, **values)
        return [(found.parameter, found.position) for found in plan.errors]

    around = {"positive_prompts": "masterpiece, `1+1`", "negative_prompts": "bad `x`"}
    for mode in ("2D", "Interpolation"):
        mine = {"prompts": {"0": "cat `q`", "9": "dog"}, "animation_mode": mode}
        assert told(**mine, positive_prompts="best") == [("prompts.0", 5)], mode
        mine = {"prompts": {"0": "cat", "9": "dog"}, "animation_mode": mode}
        assert told(**mine, **around) == [("animation_prompts_negative", 5)], mode


def test_bounds_are_errors_in_native_mode_and_doubts_in_deforums():
    native = planned(compat="native", zoom="0:(1), 9:(-1)", max_frames=10, fov_schedule="0:(0)")
    assert {found.parameter for found in native.errors} == {"zoom", "fov_schedule"}
    values = native.errors[0].problem.values
    assert (values["frame"], native.errors[0].problem.code) == (5, "schedule_bounds")
    deforums = planned(zoom="0:(1), 9:(-1)", max_frames=10)
    assert deforums.ok and [found.parameter for found in deforums.warnings][0] == "zoom"


def test_late_keys_and_infinities_are_doubts_in_deforums_mode():
    plan = planned(angle="0:(0), 50:(9)", max_frames=10, diffusion_cadence=1)
    assert plan.ok and set(plan.series["angle"]) == {0.0}
    assert [(found.problem.code, found.position) for found in plan.warnings] == [
        ("schedule_late", 10)
    ]
    plan = planned(subseed_schedule="0:(1/(t-1))")
    assert [found.parameter for found in plan.errors] == ["subseed_schedule"]


def test_names_and_schedules_of_ones_own():
    plan = planned(
        compat="native",
        max_frames=4,
        series={"volume": [0, 1], "drop": 2},
        schedules={"controlnet.weight": "0:(volume+drop)", "x": 0.5},
        zoom="1+volume/10",
    )
    assert plan.ok
    assert plan.series["schedules.controlnet.weight"] == pytest.approx([2, 3, 3, 3])
    assert plan.series["schedules.x"] == pytest.approx([0.5] * 4)
    assert plan.series["zoom"] == pytest.approx([1, 1.1, 1.1, 1.1])


def test_samplers_that_nobody_knows_are_told():
    deforums = json.loads(golden("deforum/misc.json").read_text(encoding="utf-8"))
    names = deforums["parameters"]["sampler"]["choices"]
    unknown = [name for name in names if not is_known_sampler(name)]
    assert unknown == [] and is_known_sampler("dpm++ 2m karras")
    given = {"sampler_schedule": "0:(Euler a), 3:(Magic), 9:(magic 2)", "max_frames": 12}
    assert planned(**given).warnings[:-1] == ()
    plan = planned(**given, enable_sampler_scheduling=True, sampler="Mine")
    told = [found.problem.values["name"] for found in plan.warnings[-3:]]
    assert plan.ok and told == ["Mine", "Magic", "magic 2"]


def test_guided_images():
    given = {
        "use_looper": True,
        "max_frames": 9,
        "init_images": {"max_f/2": "b.png", "0": "a.png"},
    }
    for compat in ("deforum-3", "native"):
        plan = planned(**given, compat=compat)
        assert plan.guides == ((0, "a.png"), (4, "b.png"))
        assert plan.seeds[0] == 5 and plan.ok  # its seeds are those of the schedule
        assert frame_plan(plan, 0).denoising_strength == pytest.approx(0.2)
    for change, parameter in (
        ({"strength": 0}, "strength"),
        ({"init_images": {}}, "init_images"),
        ({"init_images": {"x": "a.png"}}, "init_images.x"),
    ):
        assert [found.parameter for found in planned(**{**given, **change}).errors] == [parameter]


def test_deforum_gives_interpolation_no_seed():
    assert set(planned(animation_mode="Interpolation", angle="0:(s)").series["angle"]) == {-1.0}


def test_a_long_animation_is_planned_quickly():
    plan = planned(
        compat="native", max_frames=20000, prompts={str(key): "a" for key in range(0, 20000, 10)}
    )
    assert plan.ok and len(plan.positive) == 20000


SCHEDULES = st.sampled_from(
    """0:(1)|0:(t)|0:(sin(t)), 5:(3)|5:(2)|0:(1/(t-1))||0:(x)|0.5|0:(1) ease, 2s:(3)|0:('a')|0:(-5)
    |0:(where(t<2,1,2))|0:(1e999)|0:(s*s*s)|0:(2**t)|0:(1),-1:(t)|0:(0/0)|0:(9e18*t)""".split("|")
)
TEXTS = st.sampled_from(
    ["a", "a --neg b", "`t`", "`x`", "<lora:a:t/2>", "a AND b", "--neg", "`1/t`"]
)
KEYS = st.sampled_from(["0", "5", "max_f", "2.5", "-1", " 3", "x", "20/2", ""])
SETTINGS = st.fixed_dictionaries(
    {
        "prompts": st.dictionaries(KEYS, TEXTS, max_size=3),
        "max_frames": st.integers(1, 12),
        "seed": st.sampled_from([-1, 0, 2**32, 2**62]),
        "animation_mode": st.sampled_from(["2D", "Video Input", "Interpolation"]),
        "seed_behavior": st.sampled_from(["iter", "random", "ladder", "schedule"]),
    },
    optional={
        "compat": st.just("native"),
        "seed_schedule": SCHEDULES,
        "steps_schedule": SCHEDULES,
        "zoom": SCHEDULES,
        "mask_schedule": SCHEDULES,
        "subseed_schedule": SCHEDULES,
        "enable_subseed_scheduling": st.booleans(),
        "use_looper": st.booleans(),
        "init_images": st.dictionaries(KEYS, TEXTS, max_size=2),
        "animation_prompts_positive": TEXTS,
        "diffusion_cadence": st.integers(1, 5),
    },
)


@given(SETTINGS)
@hypothesis_settings(deadline=None, max_examples=60)
def test_any_settings_have_a_plan_with_frames_or_errors(values):
    plan = plan_of(settings_of(values))
    if plan.ok:
        frames = list(frames_data(plan, range(plan.frames)))
        assert len(frames) == plan.frames and json.dumps(frames, allow_nan=False)
    assert all(found.problem.message for found in (*plan.errors, *plan.warnings))


def generated(**settings):
    given = {"compat": "native", "max_frames": 60, "diffusion_cadence": 10, "fps": 10}
    prompts = {"0": "a", "1.5s": "b", "drop": "c"}
    plan = plan_of(settings_of({**given, "prompts": prompts, "labels": {"drop": 33}, **settings}))
    assert plan.ok, plan.errors
    return plan.generated


def test_generated_at_keys_only():
    assert generated() == (0, 10, 20, 30, 40, 50, 59)
    keys = {"diffuse": "keys", "strength_schedule": "0:(0.6), 4b:(0.2)"}
    assert generated(**keys) == (0, 15, 20, 33, 59)
    rows = [{"frame": 7, "prompt": "a"}, {"frame": "max_f - 9", "prompt": "b"}]
    assert generated(**{**keys, "strength_schedule": "0.5", "prompts": rows}) == (0, 7, 50, 59)


def test_a_guiding_picture_stands_at_its_very_frame():
    guides = {"use_looper": True, "init_images": {"0": "a.png", "drop + 2": "b.png"}}
    assert 35 in generated(**guides)
    assert generated(**guides, diffuse="keys") == (0, 15, 33, 35, 59)


def test_deforums_mode_keeps_its_cadence():
    plan = plan_of(settings_of({"prompts": {"0": "a", "5": "b"}, "diffuse": "keys"}))
    assert plan.generated == tuple(range(0, 120, plan.cadence))
