import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from webui.api.scenery import film_of, saved_depths, scenery
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job, JobState, Picture
from webui.library.store import Store
from webui.timeline.plan import Plan, plan_of
from webui.timeline.settings_file import settings_of
from webui.video.encoding import Encoding
from webui.video.writing import write_film

SETTINGS: dict[str, Any] = {
    **{"compat": "native", "max_frames": 6, "W": 64, "H": 32, "animation_mode": "3D"},
    "prompts": {"0": "a cat"},
}


def plan(**settings: Any) -> Plan:
    return plan_of(settings_of({**SETTINGS, **settings}))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def film(store: Store, tmp_path: Path) -> str:
    """Three grey pictures, each lighter than the one before."""
    path = tmp_path / "film.mp4"
    frames = [np.full((32, 64, 3), level, np.uint8) for level in (40, 120, 200)]
    write_film(frames, path, Encoding(preset="ultrafast"))
    return store.put_media(path, hashlib.sha256(path.read_bytes()).hexdigest()).id


def run(folder: Path, depths: dict[int, int], **settings: Any) -> Job:
    """A job with one frame known, and pictures of depths beside it."""
    folder.mkdir(exist_ok=True)
    for frame, level in depths.items():
        Image.new("L", (8, 8), level).save(folder / f"a_depth_{frame:09}.png")
    told = {"width": 64, "height": 32, "seed": 0, "seconds": 0, "infotext": ""}
    frame = Picture.model_validate(
        {"id": "p", "job": "j", "index": 5, "file": str(folder / "a_000000005.png"), **told}
    )
    request = Animation(settings={**SETTINGS, **settings})
    return Job(
        **{"id": "j", "owner": "o", "request": request, "created": 1.0},
        state=JobState.FINISHED,
        pictures=(frame,),
    )


def test_without_depths_the_scene_is_a_plane_and_in_2d_nobody_asks(store: Store):
    for settings, source in (
        ({}, "plane"),
        ({"use_depth_warping": False}, "plane"),
        ({"animation_mode": "2D"}, "none"),
    ):
        with scenery(Animation(), plan(**settings), store, (16, 8), ()) as scene:
            assert scene.source == source and scene.depth(3) is None
            assert scene.first.shape == (8, 16, 3)


def test_depths_of_an_earlier_run_are_used_the_last_one_before_the_frame(
    store: Store, tmp_path: Path
):
    jobs = [
        run(tmp_path / "other", {2: 9}, W=128),
        run(tmp_path / "none", {}),
        run(tmp_path / "mine", {2: 50, 4: 90}),
        run(tmp_path / "older", {2: 1}),
    ]
    with scenery(Animation(), plan(), store, (16, 8), jobs) as scene:
        assert scene.source == "saved"
        levels = [scene.depth(frame) for frame in (1, 2, 3, 4, 5)]
    assert [float(one.mean()) for one in levels if one is not None] == [50, 50, 50, 90, 90]
    (tmp_path / "mine" / "a_depth_000000004.png").write_bytes(b"broken")
    with scenery(Animation(), plan(), store, (16, 8), jobs) as scene:
        assert scene.depth(5) is None
    assert saved_depths(plan(prompts={"0": "a dog"}), jobs) == {}


def test_a_film_of_depths_is_read_frame_by_frame(store: Store, film: str):
    request = Animation(files={"depth_source": film})
    with scenery(request, plan(depth_source="d.mp4"), store, (16, 8), ()) as scene:
        assert scene.source == "film"
        means = [np.mean(np.asarray(scene.depth(frame))) for frame in (0, 2, 5)]
    assert np.abs(np.subtract(means, (40, 200, 200))).max() < 6


def test_the_film_of_video_input_is_read_as_it_is_cut(store: Store, film: str):
    made = plan(animation_mode="Video Input", extract_from_frame=1)
    with film_of(Animation(files={"video_init_path": film}), made, store) as reader:
        assert len(reader) == 2 and abs(reader.frame(0).mean() - 120) < 6
    with ExitStack() as stack, pytest.raises(UserError) as caught:
        stack.enter_context(film_of(Animation(), made, store))
    assert caught.value.problem.field == "settings.video_init_path"
