"""Which sound a film has."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.setting import OWNER
from tests.sound.signals import sine, write_wav
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job, JobState
from webui.core.film import Film
from webui.jobs.soundtracks import Track, remark, track_of
from webui.library.store import Store
from webui.video.encoding import Beside, Encoding
from webui.video.writing import join, write_film


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, path: Path) -> str:
    return store.put_media(path, hashlib.sha256(path.read_bytes()).hexdigest()).id


def animation(files: dict[str, str], **settings: Any) -> Job:
    request = Animation(settings={"prompts": {"0": "a"}, **settings}, files=files)
    return Job(id="0" * 32, owner=OWNER, request=request, state=JobState.FINISHED, created=0.0)


def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "a.wav", sine(440, 1))


def film(**more: Any) -> Film:
    return Film(job="0" * 32, **more)


def test_a_file_of_the_request_goes_first(store: Store, tmp_path: Path) -> None:
    sound = put(store, wav(tmp_path))
    job = animation({"soundtrack_path": "sha256:" + "0" * 64}, add_soundtrack="File")
    assert track_of(film(sound=sound, sound_start=2), job, store) == Track(store.path(sound), 2)
    assert track_of(film(sound=sound, soundtrack="none"), job, store) is None


@pytest.mark.parametrize("name", ["soundtrack_path", "music.wav"])
def test_what_the_settings_say(store: Store, tmp_path: Path, name: str) -> None:
    sound = put(store, wav(tmp_path))
    said = {"add_soundtrack": "File", "soundtrack_path": "music.wav"}
    job = animation({name: sound}, **said)
    assert track_of(film(), job, store) == Track(store.path(sound))
    assert track_of(film(format="gif"), job, store) is None
    assert track_of(film(soundtrack="none"), job, store) is None
    assert track_of(film(), animation({}, **said), store) is None  # it was never sent
    assert track_of(film(), animation({name: sound}), store) is None


def test_the_sound_of_the_clip_begins_with_its_first_picture(store: Store, tmp_path: Path) -> None:
    frames = [np.zeros((16, 16, 3), np.uint8)] * 20
    silent, clip = tmp_path / "silent.mp4", tmp_path / "clip.mp4"
    write_film(frames, silent, Encoding(fps=10, preset="ultrafast"))
    join(silent, Beside(2.0, wav(tmp_path)), "mp4", clip)
    given = {"video_init_path": put(store, clip)}
    job = animation(given, add_soundtrack="Init Video", extract_from_frame=5)
    track = track_of(film(), job, store)
    assert track is not None and track.start == pytest.approx(0.5)
    assert remark(track, 1.5, "en") == ""
    assert track_of(film(soundtrack="clip"), animation(given), store) is not None


def test_without_the_clip_whose_sound_is_wanted_the_film_is_silent(store: Store) -> None:
    job = animation({}, add_soundtrack="Init Video", video_init_path="a.mp4")
    assert track_of(film(), job, store) is None
    with pytest.raises(UserError, match="clip"):
        track_of(film(soundtrack="clip"), job, store)


def test_a_clip_without_sound_says_so(store: Store, tmp_path: Path) -> None:
    silent = tmp_path / "silent.mp4"
    write_film([np.zeros((16, 16, 3), np.uint8)] * 3, silent, Encoding(preset="ultrafast"))
    track = track_of(
        film(soundtrack="clip"), animation({"video_init_path": put(store, silent)}), store
    )
    with pytest.raises(UserError, match="no sound"):
        remark(track, 1, "en")
