"""From the command line to requests; the server is a note of what it was sent."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from webui.cli.asking import Ask, BadFile, FilmAsk, asks_of, kept_name, mask_of, pictures_in, put
from webui.cli.connection import Gone, Refusal
from webui.cli.parser import read_arguments
from webui.core.errors import UserError
from webui.core.events import Job


class Server:
    """What a shell needs of a connection."""

    def __init__(self, fields: dict[str, Any] | None = None, error: Exception | None = None):
        self.stored: list[bytes] = []
        self.submitted: list[dict[str, Any]] = []
        self._fields = fields or {}
        self._error = error

    def store(self, data: bytes) -> str:
        if self._error:
            raise self._error
        self.stored.append(data)
        return f"sha256:{data.decode()}"

    def store_media(self, path: Path) -> str:
        if self._error:
            raise self._error
        return f"film:{path.read_text()}"

    def fields(self, data: bytes) -> dict[str, Any]:
        return self._fields

    def submit(self, values: dict[str, Any]) -> argparse.Namespace:
        self.submitted.append(values)
        return argparse.Namespace(id=str(len(self.submitted)), warnings=())


def submitted(server: Server, *arguments: object) -> list[dict[str, Any]]:
    for ask in asks_of(read_arguments([str(one) for one in arguments])):
        ask.submit(server)  # pyright: ignore[reportArgumentType]
    return server.submitted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).write_text(name[0], encoding="utf-8")
    return tmp_path


def animation(folder: Path, **settings: Any) -> Path:
    path = folder / "settings.json"
    path.write_text(json.dumps({"prompts": {"0": "x"}, "compat": "native", **settings}))
    return path


def test_files_that_an_animation_names_are_sent(folder: Path) -> None:
    (folder / "clip.mp4").write_text("c")
    path = animation(
        folder,
        use_init=True,
        init_image="b.png",
        hybrid_motion="Affine",
        video_init_path=str(folder / "clip.mp4"),
        use_mask=True,
        mask_file="missing.png",
        cn_1_enabled=True,
        cn_1_vid_path="clip.mp4",
        cn_2_enabled=True,
        cn_2_vid_path="b.png",
    )
    [values] = submitted(Server(), "animate", path)
    assert values["files"] == {
        "init_image": "sha256:b",
        "video_init_path": "film:c",
        "cn_1_vid_path": "film:c",
        "cn_2_vid_path": "sha256:b",
    }
    assert values["settings"]["mask_file"] == "missing.png", "the server says what is missing"


def test_an_animation_goes_on_from_another_one_with_its_settings_or_others(folder: Path) -> None:
    job = "a" * 32
    [values] = submitted(Server(), "animate", "--after", job)
    assert values == {"kind": "animation", "after": {"job": job}}
    [values] = submitted(Server(), "animate", animation(folder), "--after", f"{job}:30")
    assert values["after"] == {"job": job, "frame": 30} and values["settings"]["prompts"]


def test_a_film_of_the_frames_is_asked_for_when_they_are_there(folder: Path) -> None:
    path = animation(folder)
    [ask] = asks_of(read_arguments(["animate", str(path), "--film", "webp", "--motion-only"]))
    assert ask.values["motion_only"] is True
    job = {"id": "a" * 32, "owner": "api", "created": 0.0, "request": {"kind": "animation"}}
    picture = {"id": "p", "job": "a" * 32, "index": 0, "width": 8, "height": 8, "seed": 1}
    picture |= {"seconds": 1.0, "infotext": ""}
    made = Job.model_validate({**job, "state": "finished", "pictures": [picture]})
    film = ask.film_of(made)
    assert film is not None and film.film is None
    assert film.values == {"kind": "film", "job": "a" * 32, "format": "webp"}
    assert ask.film_of(Job.model_validate({**job, "state": "finished"})) is None
    assert ask.film_of(Job.model_validate({**job, "state": "failed"})) is None
    [plain] = asks_of(read_arguments(["animate", str(path)]))
    assert plain.film_of(made) is None


def test_a_film_is_told_of_in_the_shell_s_language(folder: Path) -> None:
    options = read_arguments(["animate", str(animation(folder)), "--film", "mp4"])
    options.language = "pl"
    [ask] = asks_of(options)
    assert ask.film == FilmAsk({"format": "mp4", "language": "pl"})


def test_what_is_said_of_the_film(folder: Path) -> None:
    sound = folder / "music.wav"
    sound.write_text("m")
    options = ["--sound", str(sound), "--interpolate", "4", "--subtitles"]
    options += ["--interpolator", "RIFE"]
    [ask] = asks_of(read_arguments(["animate", str(animation(folder)), *options]))
    assert ask.film == FilmAsk(
        {"format": "mp4", "interpolate": 4, "interpolator": "RIFE", "subtitles": True}, sound
    )
    film = Ask({"kind": "film", **ask.film.values}, media={"sound": sound})
    server = Server()
    film.submit(server)  # pyright: ignore
    assert server.submitted[-1]["sound"] == "film:m"
    with pytest.raises(BadFile):
        asks_of(read_arguments(["animate", str(animation(folder)), "--sound", "nowhere.wav"]))


def test_sounds_and_tables_of_the_settings_are_sent(folder: Path) -> None:
    (folder / "music.wav").write_text("m")
    (folder / "data.csv").write_text("1\n2\n")
    series = {"loud": {"sound": "music.wav"}, "heat": {"csv": "data.csv"}}
    [values] = submitted(Server(), "animate", animation(folder, series=series))
    assert values["files"]["series.loud"] == "film:m"
    assert values["settings"]["series"]["heat"] == {"csv": "1\n2\n"}


def test_a_film_that_the_server_does_not_take(folder: Path) -> None:
    (folder / "clip.mp4").write_text("c")
    path = animation(folder, animation_mode="Video Input", video_init_path="clip.mp4")
    refusal = Refusal([UserError("media_unknown").problem])
    with pytest.raises(BadFile) as caught:
        submitted(Server(error=refusal), "animate", path)
    assert caught.value.path == folder / "clip.mp4"


def test_a_picture_is_sent_and_named(folder: Path) -> None:
    [values] = submitted(Server(), "img2img", folder / "b.png", "a cat", "--strength", "0.6")
    assert values == {
        "kind": "img2img",
        "prompt": "a cat",
        "strength": "0.6",
        "image": "sha256:b",
    }


def test_parts_are_nested(folder: Path) -> None:
    [values] = submitted(
        Server(), "generate", "a", "--hires", "1.5", "--hires-image", folder / "b.png",
        "--refiner", "r", "--image", folder / "a.JPG", "--image", f"pose={folder / 'b.png'}",
        "--image", folder / "b.png",
    )  # fmt: skip
    assert values == {
        "kind": "txt2img",
        "prompt": "a",
        "hires": {"scale": "1.5", "image": "sha256:b"},
        "refiner": {"model": "r"},
        "references": {"1": "sha256:a", "pose": "sha256:b", "2": "sha256:b"},
    }


def test_a_switch_turns_a_part_on(folder: Path) -> None:
    server = Server()
    submitted(server, "upscale", folder / "b.png", "--diffusion")
    submitted(server, "upscale", folder / "b.png", "--diffusion", "--strength", "0.2")
    submitted(server, "upscale", folder / "b.png")
    assert [values.get("diffusion") for values in server.submitted] == [
        {},
        {"strength": "0.2"},
        None,
    ]


def test_a_folder_is_a_job_for_each_picture_under_its_name(folder: Path) -> None:
    values = submitted(Server(), "upscale", folder)
    assert [(one["image"], one["file_name"]) for one in values] == [
        ("sha256:a", "a"),
        ("sha256:b", "b"),
    ]
    [alone] = submitted(Server(), "upscale", folder / "b.png")
    assert "file_name" not in alone


def test_each_picture_may_have_its_own_mask(folder: Path) -> None:
    masks = folder / "masks"
    masks.mkdir()
    for name in ("a", "b"):
        (masks / f"{name}.png").write_text(f"mask {name}", encoding="utf-8")
    values = submitted(Server(), "inpaint", folder, "", "--mask", masks, "--intent", "remove")
    assert [one["mask"] for one in values] == ["sha256:mask a", "sha256:mask b"]
    (masks / "b.png").unlink()
    with pytest.raises(BadFile) as bad:
        submitted(Server(), "inpaint", folder, "", "--mask", masks)
    assert bad.value.path == folder / "b.png"
    assert bad.value.problems[0].code == "mask_missing"
    assert mask_of(folder / "a.JPG", folder / "b.png") == folder / "b.png"


def test_a_files_parameters_are_reused_where_nothing_else_is_said(folder: Path) -> None:
    found = {"prompt": "theirs", "seed": 4, "steps": 9, "width": 512, "hires": None}
    server = Server(found)
    submitted(server, "img2img", folder / "b.png", "", "--steps", "5", "--reuse")
    submitted(server, "img2img", folder / "b.png", "mine", "--reuse")
    submitted(server, "img2img", folder / "b.png", "")
    picked = [{k: v for k, v in one.items() if k in found} for one in server.submitted]
    assert picked == [
        {"prompt": "theirs", "seed": 4, "steps": "5"},
        {"prompt": "mine", "seed": 4, "steps": 9},
        {"prompt": ""},
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["img2img", "{0}/no.png", "a"],
        ["inpaint", "{0}/b.png", "a", "--mask", "{0}/no.png"],
        ["generate", "{{image}}", "--image", "x={0}/no.png"],
        ["generate", "a", "--hires-image", "{0}/no.png"],
    ],
)
def test_a_file_that_is_not_there_is_told_before_anything_is_asked(
    folder: Path, arguments: list[str]
) -> None:
    with pytest.raises(BadFile) as bad:
        asks_of(read_arguments([one.format(folder) for one in arguments]))
    assert bad.value.path == folder / "no.png"
    assert bad.value.problems[0].code == "cannot_read"


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as bad:
        pictures_in(tmp_path)
    assert (bad.value.path, bad.value.problems[0].code) == (tmp_path, "folder_empty")


def test_a_file_that_the_server_does_not_take_is_named(folder: Path) -> None:
    problem = UserError("picture_unknown").problem
    with pytest.raises(BadFile, match="no picture") as bad:
        submitted(Server(error=Refusal([problem])), "upscale", folder / "b.png")
    assert (bad.value.path, bad.value.problems) == (folder / "b.png", [problem])


def test_a_server_that_goes_away_meanwhile_is_no_fault_of_the_file(folder: Path) -> None:
    with pytest.raises(Gone):
        submitted(Server(error=Gone("server_gone", address="x")), "upscale", folder / "b.png")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("in/a cat.png", "a cat"),
        (".hidden.png", "hidden"),
        ("a:b?.png", "a_b_"),
        ("...", ""),
        ("ż" * 300 + ".png", "ż" * 200),
    ],
)
def test_names_that_every_system_takes(path: str, name: str) -> None:
    assert kept_name(Path(path)) == name


def test_parts_that_others_hold_are_copied() -> None:
    shared = {"hires": {"scale": 2}}
    values: dict[str, Any] = dict(shared)
    put(values, "hires.image", "x")
    assert values == {"hires": {"scale": 2, "image": "x"}}
    assert shared == {"hires": {"scale": 2}}
