import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.sound.signals import sine, write_wav
from tests.timeline.test_deforum_keyframes import cases as schedules
from webui.__main__ import main
from webui.video.encoding import Encoding
from webui.video.writing import write_film

SETTINGS = {"prompts": {"0": "a cat --neg dog", "2": "a hat"}, "max_frames": 4, "seed": 5}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "C")


def write(folder: Path, name: str, **settings: Any) -> str:
    path = folder / name
    path.write_text(json.dumps({**SETTINGS, **settings}), encoding="utf-8")
    return str(path)


def plans(capsys, *files: str, code: int = 0) -> list[dict[str, Any]]:
    assert main(["animate", *files, "--plan", "--json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_one_line_of_json_a_file(tmp_path, capsys):
    first = write(tmp_path, "a.json", angle="0:(0), 3:(3)", diffusion_cadence=1)
    second = write(tmp_path, "b.json", max_frames=2)
    a, b = plans(capsys, first, second)
    assert (a["file"], a["ok"], a["errors"]) == (first, True, [])
    assert len(a["frames"]) == 4 and len(b["frames"]) == 2
    frame = a["frames"][3]
    assert (frame["frame"], frame["angle"], frame["zoom"]) == (3, 3.0, pytest.approx(1.0032650))
    assert frame["strength_schedule"] == 0.65 and frame["cfg_scale_schedule"] == 7
    assert (frame["prompt"], frame["negative_prompt"]) == ("a hat", " nsfw, nude")
    assert a["frames"][0]["negative_prompt"] == " dog  nsfw, nude"
    assert [frame["seed"] for frame in a["frames"]] == [5, 6, 7, 8]
    assert frame["subseed"] == -1 and frame["sampler_schedule"] == "Euler a"
    assert [frame["generated"] for frame in b["frames"]] == [True, False]


def test_an_error_is_told_with_its_place_and_the_other_files_are_planned(tmp_path, capsys):
    broken = write(tmp_path, "a.json", angle="0:(sin(t)", zoom="5:(1)", max_frames="x")
    fine = write(tmp_path, "b.json")
    a, b = plans(capsys, broken, fine, code=2)
    assert a["ok"] is False and a["frames"] == [] and b["ok"] is True
    places = {error["parameter"]: error["position"] for error in a["errors"]}
    assert places == {"max_frames": None, "angle": 2, "zoom": 0}
    assert all(error["message"].startswith(error["parameter"]) for error in a["errors"])


def test_a_prompt_s_error_names_its_key(tmp_path, capsys):
    (line,) = plans(capsys, write(tmp_path, "a.json", prompts={"0": "a `x`"}), code=2)
    (error,) = line["errors"]
    assert (error["parameter"], error["key"], error["position"]) == ("prompts", "0", 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"{", "not JSON"),
        (b"[]", "one JSON object"),
        (b"", "not JSON"),
    ],
)
def test_a_file_that_is_none_has_an_error(tmp_path, capsys, content, words):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    (line,) = plans(capsys, str(path), code=2)
    assert line["ok"] is False and line["frames"] == []
    assert words in line["errors"][0]["message"]


def test_what_json_lacks_is_a_text(tmp_path, capsys):
    (line,) = plans(capsys, write(tmp_path, "a.json", angle="0:(1/(t-2))"))
    assert [frame["angle"] for frame in line["frames"]] == [-0.5, -1.0, "inf", 1.0]
    assert [found["parameter"] for found in line["warnings"]] == ["angle", "diffusion_cadence"]


def test_a_person_gets_a_table(tmp_path, capsys):
    Image.new("RGB", (8, 8)).save(tmp_path / "i.png")
    path = write(tmp_path, "a.json", use_init=True, init_image="i.png", surprise=1)
    assert main(["animate", path, "--plan"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == path and lines[1].split()[0] == "frame"
    assert lines[2].split()[:7] == ["0", "*", "5", "25", "0.200", "7", "a"]
    assert lines[3].split()[:5] == ["1", "5", "25", "0.350", "7"]
    assert "surprise" in err and len(lines) == 6
    assert main(["animate", write(tmp_path, "b.json", zoom="x"), "--plan"]) == 2
    assert "zoom, character 1" in capsys.readouterr().err


def test_it_speaks_polish(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")
    (line,) = plans(capsys, write(tmp_path, "a.json", zoom="x"), code=2)
    assert "zoom, znak 1" in line["errors"][0]["message"]


@pytest.mark.slow
def test_no_model_library_is_loaded(tmp_path):
    program = (
        "import sys; from webui.__main__ import main; code = main(sys.argv[1:]); "
        "sys.exit(code or sum(name in sys.modules for name in ('torch', 'gradio', 'diffusers')))"
    )
    path = write(tmp_path, "a.json")
    command = [sys.executable, "-c", program, "animate", path, "--plan", "--json"]
    assert subprocess.run(command, capture_output=True, timeout=100).returncode == 0


def test_a_plan_is_as_long_as_the_clip_beside_its_settings(tmp_path, capsys):
    frames = [np.full((16, 16, 3), 30 * number, np.uint8) for number in range(6)]
    write_film(frames, tmp_path / "clip.mp4", Encoding(preset="ultrafast"))
    values = {"animation_mode": "Video Input", "extract_nth_frame": 2}
    files = [
        write(tmp_path, f"{clip}.json", video_init_path=f"{clip}.mp4", **values)
        for clip in ("clip", "none")
    ]
    there, missing = plans(capsys, *files, code=2)
    assert there["ok"] and len(there["frames"]) == 3
    (error,) = missing["errors"]
    assert (error["parameter"], error["position"]) == ("video_init_path", None)
    assert "none.mp4" in error["message"] and missing["frames"] == []


@pytest.mark.parametrize(
    ("settings", "parameter", "words"),
    [
        ({"animation_mode": "Video Input"}, "video_init_path", "names no file"),
        ({"hybrid_motion": "Affine", "video_init_path": "x.mp4"}, "video_init_path", "(x.mp4)"),
        ({"use_init": True, "init_image": "x.png"}, "init_image", "is not there"),
        ({"use_init": True, "init_image": "broken.png"}, "init_image", "no picture"),
        ({"use_looper": True, "init_images": {"0": "ok.png", "2": "x"}}, "init_images", "(x)"),
        (
            {"use_mask": True, "mask_file": "ok.png", "mask_schedule": "0:([x.png])"},
            "mask_schedule",
            "(x.png)",
        ),
        ({"use_init": False, "init_image": "x.png"}, None, ""),
        ({"use_init": True, "init_image": "ok.png"}, None, ""),
    ],
)
def test_a_file_that_is_missing_or_broken_is_an_error(tmp_path, capsys, settings, parameter, words):
    Image.new("RGB", (8, 8)).save(tmp_path / "ok.png")
    (tmp_path / "broken.png").write_text("words")
    (line,) = plans(capsys, write(tmp_path, "a.json", **settings), code=2 if parameter else 0)
    assert [one["parameter"] for one in line["errors"]] == [parameter] * bool(parameter)
    assert all(words in one["message"] for one in line["errors"])


def test_a_sound_that_is_missing_is_told(tmp_path, capsys):
    write_wav(tmp_path / "a.wav", sine(440, 1))
    wanted = {"add_soundtrack": "File", "diffusion_cadence": 1}
    files = [
        write(tmp_path, f"{name}.json", **wanted, soundtrack_path=f"{name}.wav") for name in "ab"
    ]
    there, missing = plans(capsys, *files)
    assert there["warnings"] == []
    (warning,) = missing["warnings"]
    assert warning["parameter"] == "soundtrack_path" and "b.wav" in warning["message"]


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_a_zoom_that_turns_the_picture_over_is_an_error_wherever_it_is_used(
    tmp_path, capsys, compat
):
    given = {"compat": compat, "zoom": "0:(1), 3:(-1)"}
    (line,) = plans(capsys, write(tmp_path, "a.json", **given), code=2)
    (error,) = line["errors"]
    assert (error["parameter"], error["position"]) == ("zoom", 0)
    assert "at frame 2" in error["message"]
    files = [
        write(tmp_path, f"{mode}.json", **given, animation_mode=mode)
        for mode in ("3D", "Interpolation")
    ]
    plans(capsys, *files, code=0 if compat == "deforum-3" else 2)


@pytest.mark.parametrize("content", [b"", b"no film", b"\x00\x00\x00\x18ftypmp42" + b"x" * 99])
def test_a_film_beside_the_settings_that_is_none_is_an_error(tmp_path, capsys, content):
    (tmp_path / "clip.mp4").write_bytes(content)
    values = {"hybrid_motion": "Affine", "video_init_path": "clip.mp4"}
    (line,) = plans(capsys, write(tmp_path, "a.json", **values), code=2)
    (error,) = line["errors"]
    assert (error["parameter"], error["position"]) == ("video_init_path", None)
    assert "clip.mp4" in error["message"]
    plans(capsys, write(tmp_path, "b.json", video_init_path="clip.mp4"))  # not made use of


def test_a_film_of_odd_size_will_do_and_one_of_which_no_frame_is_chosen_will_not(tmp_path, capsys):
    frames = [np.full((17, 33, 3), 30 * number, np.uint8) for number in range(6)]
    write_film(frames, tmp_path / "odd.gif", Encoding("gif"))
    values = {"animation_mode": "Video Input", "video_init_path": "odd.gif"}
    odd = write(tmp_path, "a.json", **values)
    none = write(tmp_path, "b.json", **values, extract_from_frame=9)
    there, nothing = plans(capsys, odd, none, code=2)
    assert there["ok"] and len(there["frames"]) == 6
    assert "none of them is chosen" in nothing["errors"][0]["message"]


def test_series_of_sounds_and_tables_beside_the_settings(tmp_path, capsys):
    write_wav(tmp_path / "a.wav", sine(440, 1))
    (tmp_path / "data.csv").write_text("heat\n5\n7\n")
    series = {"loud": {"sound": "a.wav"}, "heat": {"csv": "data.csv", "column": "heat"}}
    native = {"compat": "native", "fps": 10, "max_frames": 12, "angle": "loud + heat"}
    (plan,) = plans(capsys, write(tmp_path, "a.json", **native, series=series))
    angles = [frame["angle"] for frame in plan["frames"]]
    assert angles[0] == pytest.approx(6, abs=0.1) and angles[11] == 7
    (tmp_path / "words.wav").write_text("words")
    series["loud"]["sound"] = "words.wav"
    (plan,) = plans(capsys, write(tmp_path, "b.json", **native, series=series), code=2)
    assert plan["errors"][0]["parameter"] == "series" and plan["errors"][0]["key"] == "loud"
    assert "no sound" in plan["errors"][0]["message"]


def test_every_schedule_that_deforum_stops_at_has_one_error_with_its_place(tmp_path, capsys):
    cases = [case for case in schedules() if not case["ok"]]
    files: list[str] = []
    for number, case in enumerate(cases):
        # Schedules of texts, and of whole numbers, stand where they are used.
        name = "seed_schedule" if case["integer"] else "angle"
        name = "sampler_schedule" if case["single_string"] else name
        given = {name: case["schedule"], "max_frames": case["max_frames"], "seed": case["seed"]}
        files.append(write(tmp_path, f"{number}.json", **given))
    made = plans(capsys, *files, code=2)
    assert len(made) == 48
    for plan, case in zip(made, cases, strict=True):
        (error,) = plan["errors"]
        assert error["parameter"].endswith(("angle", "_schedule")) and plan["frames"] == []
        assert 0 <= error["position"] <= len(case["schedule"])
