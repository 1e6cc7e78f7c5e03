import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from webui.__main__ import main

SETTINGS = {"prompts": {"0": "a cat"}, "max_frames": 4, "zoom": "0:(1)"}
NATIVE = {"compat": "native", **SETTINGS}
LEVELS = np.random.default_rng(1).integers(0, 256, (24, 36, 3)).astype(np.uint8)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "C")


def warp(folder: Path, frame: int = 1, code: int = 0, depth=None, out="out.png", **values: Any):
    """The result's levels, if there is one."""
    Image.fromarray(LEVELS).save(folder / "in.png")
    (folder / "settings.json").write_text(json.dumps({**NATIVE, **values}), encoding="utf-8")
    more = ["--depth", str(folder / depth)] if depth else []
    command = ["warp", str(folder / "in.png"), str(folder / out)]
    where = ["--settings", str(folder / "settings.json"), "--frame", str(frame)]
    assert main([*command, *where, *more]) == code
    if code:
        return None
    with Image.open(folder / out) as image:
        return np.asarray(image)


def test_one_frame_s_motion_is_done(tmp_path):
    made = warp(tmp_path, frame=3, translation_x="t", translation_y="0:(0), 3:(-3)")
    assert made is not None and made.shape == LEVELS.shape
    assert np.array_equal(made[:-3, 3:], LEVELS[3:, :-3])
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("mode", ["2D", "3D"])
def test_a_camera_that_stands_still_leaves_the_picture(tmp_path, mode):
    values = {"animation_mode": mode, "translation_z": "0"}
    assert np.array_equal(warp(tmp_path, **values), LEVELS)


def test_depth_makes_near_things_move_more(tmp_path):
    nearer = np.where(np.arange(36) < 18, 60000, 100)[None].repeat(24, axis=0).astype(np.uint16)
    Image.fromarray(nearer).save(tmp_path / "depth.png")
    values = {"animation_mode": "3D", "translation_z": "0", "translation_x": "10"}
    plane, deep = warp(tmp_path, **values), warp(tmp_path, depth="depth.png", **values)
    assert plane is not None and deep is not None
    # white is at the distance of the plane, black at twice that
    near = np.abs(deep.astype(int) - plane)[:, 2:16]
    far = np.abs(deep.astype(int) - plane)[:, 20:34]
    assert near.mean() < 8 < far.mean()
    for algorithm in ("Zoe", "Midas+AdaBins (old)"):
        again = warp(tmp_path, depth="depth.png", **values, depth_algorithm=algorithm)
        assert np.array_equal(again, deep)


def test_a_file_that_names_no_mode_is_done_deforums_way(tmp_path):
    values = {"animation_mode": "3D", "compat": "deforum-3", "translation_z": "0:(0)"}
    made = warp(tmp_path, **values)
    assert made is not None and not np.array_equal(made, LEVELS)
    assert np.abs(made.astype(int) - LEVELS).max() == 1  # fractions are cut off


def test_a_transparent_picture_stays_transparent(tmp_path):
    clear = np.dstack([LEVELS, np.full((24, 36), 9, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    (tmp_path / "s.json").write_text(json.dumps({**NATIVE, "angle": "5"}), encoding="utf-8")
    for name, mode in (("out.webp", "RGBA"), ("out.jpg", "RGB")):
        files = [str(tmp_path / "clear.png"), str(tmp_path / name)]
        assert main(["warp", *files, "--settings", str(tmp_path / "s.json"), "--frame", "0"]) == 0
        with Image.open(tmp_path / name) as image:
            assert image.mode == mode


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"frame": 4}, 1, "frames 0 to 3"),
        ({"frame": -1}, 1, "no frame -1"),
        ({"out": "out.txt"}, 1, ".png"),
        ({"out": "out"}, 1, ".png"),
        ({"animation_mode": "Interpolation"}, 1, "animation_mode"),
        ({"zoom": "-1"}, 2, "zoom"),
        ({"zoom": "0:(0-1)", "compat": "deforum-3"}, 1, "zoom is -1"),
        ({"angle": "1/(t-1)", "compat": "deforum-3"}, 2, "angle"),
        ({"angle": "sqrt(-1)"}, 2, "angle"),
        ({"angle": "0:(1/(t-1))", "compat": "deforum-3"}, 1, "angle is inf"),
        ({"depth": "none.png"}, 1, "none.png"),
        ({"depth": "settings.json"}, 1, "no picture"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, capsys, values, code, words):
    assert warp(tmp_path, code=code, **values) is None
    out, err = capsys.readouterr()
    assert out == "" and words in err and len(err.splitlines()) == 1
    assert err.startswith("webui: ") and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("in.png", b"no picture", 1),
        ("in.png", b"", 1),
        ("in.png", None, 1),
        ("s.json", b"{", 2),
        ("s.json", None, 2),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path, capsys, name, content, code):
    Image.fromarray(LEVELS).save(tmp_path / "in.png")
    (tmp_path / "s.json").write_text(json.dumps(NATIVE), encoding="utf-8")
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    files = [str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    assert main(["warp", *files, "--settings", str(tmp_path / "s.json"), "--frame", "0"]) == code
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_it_speaks_polish(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")
    warp(tmp_path, frame=9, code=1)
    assert "Nie ma klatki 9" in capsys.readouterr().err


def test_what_is_left_out_is_asked_for(capsys):
    for words in (["in.png"], ["in.png", "out.png"], ["a", "b", "--settings", "c", "--frame", "x"]):
        with pytest.raises(SystemExit) as end:
            main(["warp", *words])
        assert end.value.code == 2
    capsys.readouterr()


@pytest.mark.slow
def test_no_model_library_is_loaded(tmp_path):
    Image.fromarray(LEVELS).save(tmp_path / "in.png")
    (tmp_path / "s.json").write_text(json.dumps(NATIVE), encoding="utf-8")
    program = (
        "import sys; from webui.__main__ import main; code = main(sys.argv[1:]); "
        "sys.exit(code or sum(name in sys.modules for name in ('torch', 'gradio', 'diffusers')))"
    )
    files = [str(tmp_path / "in.png"), str(tmp_path / "out.png")]
    words = ["warp", *files, "--settings", str(tmp_path / "s.json"), "--frame", "1"]
    done = subprocess.run([sys.executable, "-c", program, *words], timeout=100)
    assert done.returncode == 0
