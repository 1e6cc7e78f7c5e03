"""Names of files against A1111's, and names that no system chokes on."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.core.files import save_atomically
from webui.core.requests import Txt2Img
from webui.core.sampling import schedule_meant
from webui.prompt.filenames import Facts, fill, next_number, picture_path

PIXELS = bytes(n % 251 for n in range(64 * 48 * 3))
FACTS = Facts(
    time=datetime(2024, 3, 5, 14, 7, 9, tzinfo=UTC),
    job_time=datetime(2024, 3, 5, 14, 0, 0, tzinfo=UTC),
    prompt='a cat: "big", (red:1.2) <lora:x:1>/y',
    negative_prompt="dog",
    styles=("s1", "None", "s 2"),
    seed=112,
    seeds=(111, 112, 113, 114),
    steps=20,
    cfg=7.5,
    width=64,
    height=48,
    sampler="DPM++ 2M",
    schedule="Karras",
    model_name="some/model: v1",
    model_hash="abcdef0123",
    denoising=0.75,
    user="bob",
    basename="img",
    batch_size=2,
    batch_count=2,
    batch_index=1,
    iteration=1,
    pixels=lambda: PIXELS,
)
THEIR_NAMES = {
    "denoising_strength": "denoising",
    "n_iter": "batch_count",
    "sampler_name": "sampler",
}


def cases(kind: str) -> list[dict[str, Any]]:
    return json.loads(golden("a1111/misc.json").read_text(encoding="utf-8"))[kind]


def facts_of(case: dict[str, Any]) -> Facts:
    given = dict(case.get("parameters", {}))
    given |= given.pop("attrs", {})
    changes = {THEIR_NAMES.get(key, key): value for key, value in given.items()}
    if "sampler" in changes:
        schedule = changes.pop("scheduler", "Automatic")
        changes["schedule"] = schedule_meant(changes["sampler"], schedule)
    for name in ("prompt", "basename", "seed"):
        if name in case:
            changes[name] = case[name]
    changes["max_words"] = case.get("settings", {}).get("directories_max_prompt_words", 8)
    return replace(FACTS, in_zip=case.get("zip", False), **changes)


def test_patterns_are_filled_as_a1111_fills_them() -> None:
    for case in cases("file_names"):
        assert fill(case["pattern"], facts_of(case)) == case["result"], case
    assert len(cases("file_names")) == 90


def pattern_of(arguments: dict[str, Any]) -> str:
    """A1111's several settings and arguments as our one pattern."""
    settings = arguments.get("settings", {})
    to_folders = settings.get("save_to_dirs", True) and not arguments.get("no_prompt")
    if arguments.get("grid"):
        to_folders = settings.get("grid_save_to_dirs", True)
    folders = settings.get("directories_filename_pattern", "[date]") or "[prompt_words]"
    folder = f"{folders}/" if to_folders else ""
    if "forced_filename" in arguments:
        return folder + arguments["forced_filename"]
    default = "[seed]" if settings.get("save_to_dirs", True) else "[seed]-[prompt_spaces]"
    name = settings.get("samples_filename_pattern") or default
    name = "" if arguments.get("short_filename") else name + arguments.get("suffix", "")
    return folder + ("[number]-" if settings.get("save_images_add_number", True) else "") + name


def test_files_are_saved_as_a1111_saves_them(tmp_path: Path) -> None:
    overwritten = 0
    for number, case in enumerate(cases("saved_files")):
        arguments = case["arguments"]
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in arguments.get("existing", []):
            (folder / name).touch()
        facts = replace(FACTS, basename=arguments.get("basename", ""))
        facts = replace(facts, seed=arguments.get("seed", facts.seed))
        path = picture_path(folder, pattern_of(arguments), facts)
        name = f"{path.name}.{arguments.get('extension', 'png')}"
        saved = save_atomically(path.parent, name, b"").relative_to(folder).as_posix()
        expected = [name for name in case["result"] if not name.endswith(".txt")]
        if not expected:  # A1111 overwrote an older picture; we never do
            overwritten += 1
            expected = ["112-1.png"]
        assert [saved] == expected, case
    assert (number + 1, overwritten) == (24, 1)


def test_the_number_goes_on(tmp_path: Path) -> None:
    assert next_number(tmp_path / "none") == 0
    for name in ("00007-1.png", "x-99.png", ".00050.part", "12", "grid-0041-x.png", "3.5-x.png"):
        (tmp_path / name).touch()
    assert next_number(tmp_path) == 13
    assert next_number(tmp_path, "grid") == 42
    paths = []
    for _ in range(3):
        path = picture_path(tmp_path, "[number]", replace(FACTS, basename=""))
        paths.append(save_atomically(path.parent, f"{path.name}.png", b"").name)
    assert paths == ["00013.png", "00014.png", "00015.png"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("../../etc/[seed]", "etc/112"),
        ("/[seed]", "112"),
        ("a//./b/[seed]", "a/b/112"),
        ("[date]/..", "2024-03-05/00000"),
        ("C:\\x[seed]", "C__x112"),
        ("con/nul.txt", "_con/_nul.txt"),
        ("[datetime<%Y/%m>]", "2024_03"),
        ("[number]/[seed]", "112"),
        ("", "00000"),
        ("[number]-[batch_number]", "00000"),
    ],
)
def test_a_path_stays_in_its_folder_and_is_a_name_everywhere(
    pattern: str, expected: str, tmp_path: Path
) -> None:
    facts = replace(FACTS, basename="", batch_size=1)
    assert picture_path(tmp_path, pattern, facts) == tmp_path / expected


def test_long_names_fit(tmp_path: Path) -> None:
    facts = replace(FACTS, prompt="猫" * 500)
    path = picture_path(tmp_path, "[prompt][prompt]", facts)
    assert 230 < len(path.name.encode()) <= 240
    save_atomically(path.parent, f"{path.name}.webp", b"")


@given(pattern=st.text(alphabet="[]<>/.%date numbers") | st.text(), prompt=st.text())
def test_any_pattern_makes_a_path_inside(pattern: str, prompt: str) -> None:
    folder = Path("outputs")
    path = picture_path(folder, pattern, replace(FACTS, prompt=prompt))
    assert path.name
    assert path.is_relative_to(folder)
    assert ".." not in path.parts


def test_facts_come_from_a_request() -> None:
    request = Txt2Img(
        prompt="a cat", negative_prompt="dog", model="m", sampler="DPM++ 2M", schedule="Automatic",
        steps=9, cfg_scale=4.5, width=64, height=128, seed=10, batch_size=2, batch_count=3,
        clip_skip=2,
    )  # fmt: skip
    facts = Facts.of(request, 3, 13, FACTS.time, FACTS.job_time, "abc")
    pattern = (
        "[seed] [seed_first] [seed_last] [steps] [cfg] [width] [height] [sampler] [scheduler] "
        "[model_name] [model_hash] [clip_skip] [prompt_spaces] [batch_number] [batch_size] "
        "[generation_number] [date]"
    )
    assert fill(pattern, facts) == (
        "13 10 15 9 4.5 64 128 DPM++ 2M Karras m abc 2 a cat 2 2 4 2024-03-05"
    )
    prompts = tuple("abcdef")
    each = request.with_(prompts=prompts, negative_prompts=prompts[::-1], variation_strength=0.5)
    facts = Facts.of(each, 3, 10, FACTS.time, FACTS.job_time)
    assert (facts.prompt, facts.negative_prompt, facts.seeds[-1]) == ("d", "c", 10)


def test_what_a_clock_cannot_say_does_no_harm() -> None:
    assert fill("a[datetime<\0>]b", FACTS) in ("ab", "a_b")  # newer Pythons do say a NUL
