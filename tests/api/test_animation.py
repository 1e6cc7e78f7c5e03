from typing import Any

import pytest

from tests.doors import Client
from webui.timeline.frames import frame_plan
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

SETTINGS = {
    "compat": "native",
    "max_frames": 1000,
    "seed": 7,
    "diffusion_cadence": 3,
    "prompts": {"0": "a cat", "500": "a dog"},
    "angle": "0:(0), 999:(9.99)",
    "zoom": "1.5",
}


@pytest.fixture
def plan(client: Client):
    def ask(query: str = "", status: int = 200, **settings: Any) -> dict[str, Any]:
        body = {"kind": "animation", "settings": {**SETTINGS, **settings}}
        answer = client("POST", f"/api/v1/animations/plan{query}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


def test_curves_reach_from_the_first_frame_to_the_last(plan):
    made = plan("?curve=angle&curve=zoom&curve=nonsense")
    assert made["ok"] and made["frame_count"] == 1000
    assert set(made["curves"]) == {"angle", "zoom"}
    assert made["at"][0] == 0 and made["at"][-1] == 999 and len(made["at"]) == 480
    for frame, value in zip(made["at"], made["curves"]["angle"], strict=True):
        assert value == pytest.approx(frame / 100)
    assert set(made["curves"]["zoom"]) == {1.5}
    assert len(plan("?curve=angle&points=700")["curves"]["angle"]) == 700
    assert plan("?points=2")["at"] == [0, 999]


def test_a_short_animation_is_told_at_every_frame(plan):
    assert plan("?curve=angle", max_frames=1)["at"] == [0]
    assert plan("?curve=angle", max_frames=4)["at"] == [0, 1, 2, 3]


def test_how_much_of_each_frame_is_each_prompts_is_told(plan):
    rows = [
        {"frame": 0, "prompt": "a cat"},
        {"frame": "400", "prompt": "a dog", "weight": "0:(0), 500:(1.5), 999:(0)"},
    ]
    made = plan("?points=3&first=250&count=1", prompts=rows, max_frames=1001)
    assert made["at"] == [0, 500, 1000]
    assert made["prompts"] == [
        {"key": "0", "share": [1, 0, 1], "own": None},
        {"key": "400", "share": [0, 1, 0], "own": [0, 1.5, 0]},
    ]
    assert made["frames"][0]["prompt"] == "a cat :0.25 AND a dog :0.75"
    assert plan("?points=2", prompts=[{**rows[0], "weight": "x"}])["errors"][0]["parameter"] == (
        "prompts.0.weight"
    )
    assert plan("?points=2", compat="deforum-3", prompts=rows, zoom="0:(1)")["prompts"] == []


def test_frames_are_those_of_the_plan_page_by_page(plan):
    whole = plan_of(settings_of(SETTINGS))
    made = plan("?first=499&count=3")
    assert [one["frame"] for one in made["frames"]] == [499, 500, 501]
    assert [one["prompt"] for one in made["frames"]] == ["a cat", "a dog", "a dog"]
    for row in made["frames"]:
        known = frame_plan(whole, row["frame"])
        assert (row["seed"], row["generated"]) == (known.seed, known.generated)
    assert plan("?first=998&count=50")["frames"][-1]["frame"] == 999
    assert plan("?first=5000")["frames"] == []


def test_an_error_has_its_parameter_and_position_and_the_other_curves_stay(plan):
    made = plan("?curve=angle&curve=zoom", angle="0:(sin(t)")
    assert not made["ok"] and made["frames"] == []
    [error] = made["errors"]
    assert (error["parameter"], error["position"]) == ("angle", 2)
    assert "never closed" in error["problem"]["message"]
    assert set(made["curves"]) == {"zoom"}


def test_a_plan_that_is_none_is_refused(client: Client, plan):
    answer = client("POST", "/api/v1/animations/plan", json={"settings": 3})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "settings"
    assert plan("?count=201", status=422)["problems"][0]["field"] == "count"


def test_what_is_not_finite_is_null(plan):
    made = plan("?curve=angle", compat="deforum-3", angle="0:(1/t)", zoom="0:(1)", max_frames=3)
    assert made["ok"] and made["curves"]["angle"] == [None, 1, 0.5]


def test_what_cannot_be_rendered_yet_is_told_as_when_it_is_sent(plan):
    made = plan("", hybrid_motion="Affine")
    assert not made["ok"]
    assert [one["parameter"] for one in made["errors"]] == ["video_init_path"]


def test_files_that_are_missing_are_told_beside_schedules_that_are_broken(plan):
    made = plan("", hybrid_motion="Affine", angle="sin(")
    assert [one["parameter"] for one in made["errors"]] == ["angle", "video_init_path"]


def test_a_scene_that_is_a_plane_is_told(plan):
    made = plan("", animation_mode="3D")
    assert made["ok"] and [one["parameter"] for one in made["warnings"]] == ["depth_algorithm"]
    assert plan("", animation_mode="3D", use_depth_warping=False)["warnings"] == []


def test_a_sound_that_is_missing_is_told(plan):
    made = plan("", add_soundtrack="File", soundtrack_path="music.wav")
    assert made["ok"] and [one["parameter"] for one in made["warnings"]] == ["soundtrack_path"]
    assert "music.wav" in made["warnings"][0]["problem"]["message"]


def test_an_animation_that_is_sent_tells_what_its_plan_warns_of(client: Client):
    settings = {"compat": "deforum-3", "max_frames": 3, "prompts": {"0": "a cat"}, "W": 64, "H": 64}
    body = {"kind": "animation", "settings": {**settings, "sampler": "nobody's", "fps": 999}}
    planned = client("POST", "/api/v1/animations/plan", json=body).json()["warnings"]
    answer = client("POST", "/api/v1/jobs", json=body)
    assert answer.status_code == 201, answer.text
    told = answer.json()["warnings"]
    assert [one["code"] for one in told] == [one["problem"]["code"] for one in planned]
    assert "sampler_unknown" in [one["code"] for one in told]
    client.finished(answer.json()["id"])
    assert client.submit("a pear")["warnings"] == []
