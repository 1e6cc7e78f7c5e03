"""Sounds and tables that settings name by paths."""

from pathlib import Path

import pytest

from tests.sound.signals import sine, write_wav
from webui.cli.animation_files import heard_here, sounds_of, with_tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_wav(tmp_path / "music.wav", sine(440, 1))
    (tmp_path / "data.csv").write_text("\ufeffheat\n1\n2\n", encoding="utf-8")
    (tmp_path / "words.wav").write_text("words")
    return tmp_path


def test_tables_take_the_place_of_their_paths(folder: Path) -> None:
    series = {"heat": {"csv": "data.csv", "column": "heat"}, "own": {"csv": "1\n2"}, "n": 3}
    made = with_tables(folder, {"series": series, "fps": 5})
    assert made["series"] == {**series, "heat": {"csv": "heat\n1\n2\n", "column": "heat"}}
    assert made["fps"] == 5
    missing = {"series": {"heat": {"csv": "nowhere.csv"}}}
    assert with_tables(folder, missing) == missing
    assert with_tables(folder, {"series": "broken"}) == {"series": "broken"}


def test_sounds_that_are_there(folder: Path) -> None:
    series = {"a": {"sound": "music.wav"}, "b": {"sound": "nowhere.wav"}}
    music = folder / "music.wav"
    assert sounds_of(folder, {"series": series}) == {"series.a": music}
    track = {"soundtrack_path": str(music)}
    assert sounds_of(folder, track) == {}
    assert sounds_of(folder, {**track, "add_soundtrack": "File"}) == {"soundtrack_path": music}
    clip = {"video_init_path": "music.wav", "add_soundtrack": "Init Video"}
    assert sounds_of(folder, clip) == {"video_init_path": music}
    of_track = {"series": {"a": {"sound": "soundtrack_path"}}}
    assert sounds_of(folder, {**track, **of_track}) == {"soundtrack_path": music}


def test_they_are_heard_here(folder: Path) -> None:
    settings = {"fps": 10, "series": {"a": {"sound": "music.wav"}}}
    heard, problems = heard_here(folder, settings)
    assert not problems and len(heard["series"]["a"]["values"]) == 10
    heard, problems = heard_here(folder, {"series": {"a": {"sound": "words.wav"}}})
    assert [one.field for one in problems] == ["settings.series.a"]
