"""`webui generate` against a real server; the worker makes flat pictures."""

import io
import json
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.doors import KEY, Client
from tests.sound.signals import sine, write_wav
from webui.cli import generate
from webui.cli.asking import Ask
from webui.cli.connection import Connection, Gone
from webui.cli.generate import Errands, Follower, attempt, run
from webui.cli.parser import read_arguments
from webui.core.events import JobState
from webui.core.running import Running
from webui.timeline.settings_file import read_settings


@pytest.fixture
def open_door(server: str):
    @contextmanager
    def door():
        with Connection(Running(server, KEY)) as connection:
            yield connection

    return door


@pytest.fixture
def connection(open_door):
    with open_door() as connection:
        yield connection


def make(open_door, *arguments: str, language: str = "en", command: str = "generate") -> int:
    return run(read_arguments([command, *arguments]), open_door, language)


def test_files_seeds_seconds_and_parameters(open_door, capsys):
    assert make(open_door, "a red apple", "--seed", "7", "--count", "2", "--format", "png") == 0
    out, err = capsys.readouterr()
    assert err == ""
    blocks = out.strip().split("\n\n")
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        file, seed, *parameters = block.split("\n")
        with Image.open(file) as image:
            assert image.getpixel((0, 0)) == (7 + number, 0, 99)
        assert seed == f"seed {7 + number}, 0.5 s"
        assert parameters[0] == "a red apple"


def test_json_is_one_line_an_event_and_the_result(open_door, capsys, tmp_path: Path):
    code = make(open_door, "an apple", "--seed", "300", "--out", str(tmp_path / "new"), "--json")
    assert code == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [line["kind"] for line in lines if line["kind"] not in ("progress", "worker")]
    assert kinds == ["queued", "started", "image_done", "finished", "result"]
    assert all(line["preview"] is None for line in lines if line["kind"] == "progress")
    result = lines[-1]
    assert result["ok"] is True and result["problems"] == []
    [made] = result["files"]
    assert set(made) == {"file", "seed", "seconds", "parameters"}
    assert (made["seed"], made["seconds"]) == (300, 0.5)
    assert made["parameters"].startswith("an apple\n")
    file = Path(made["file"])
    assert file.parent == tmp_path / "new" and file.suffix == ".png"
    image = Image.open(io.BytesIO(file.read_bytes()))
    assert image.getpixel((0, 0)) == (44, 1, 99)
    assert image.info["parameters"] == made["parameters"]


def test_copies_do_not_overwrite_one_another(open_door, capsys, tmp_path: Path):
    for _ in range(2):
        assert make(open_door, "an apple", "--seed", "5", "--out", str(tmp_path)) == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_request_that_does_not_fit_ends_with_2_and_the_sentences_of_the_api(
    open_door, capsys, client: Client
):
    code = make(open_door, "x", "--width", "513", "--steps", "1000000000", "--cfg", "nan")
    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    body = {"prompt": "x", "width": "513", "steps": "1000000000", "cfg_scale": "nan"}
    problems = client("POST", "/api/v1/jobs", json=body).json()["problems"]
    assert len(problems) == 3
    assert err.splitlines() == [f"webui: {problem['message']}" for problem in problems]
    assert make(open_door, "x", "--width", "513", language="pl") == 2
    assert "Szerokość" in capsys.readouterr().err
    assert make(open_door, "x", "--width", "513", "--json") == 2
    result = json.loads(capsys.readouterr().out)
    assert (result["kind"], result["ok"], result["files"]) == ("result", False, [])
    assert result["problems"][0]["field"] == "width"


def test_a_job_that_fails_ends_with_1_and_the_reason(open_door, capsys):
    assert make(open_door, "a broken apple") == 1
    out, err = capsys.readouterr()
    assert out == "" and "the prompt said so" in err


def test_a_folder_that_cannot_be_written(open_door, capsys, tmp_path: Path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert make(open_door, "an apple", "--out", str(tmp_path / "file")) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_a_job_cancelled_elsewhere_is_not_ok(open_door, client: Client):
    options = read_arguments(["generate", "a slow apple", "--count", "2"])
    done: list[int] = []
    thread = threading.Thread(
        target=lambda: done.append(attempt(options, open_door, lambda _: None).exit_code)
    )
    thread.start()
    while not (jobs := [j for j in client.get("/jobs")["jobs"] if j["state"] == "running"]):
        time.sleep(0.02)
    client("POST", f"/api/v1/jobs/{jobs[0]['id']}/cancel")
    thread.join(20)
    assert done == [1]


def test_ctrl_c_cancels_the_job(connection: Connection):
    after = connection.last_event()
    job = connection.submit({"prompt": "a slow apple"})

    def interrupt(event: object) -> None:
        if getattr(event, "kind", "") == "progress" and not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt

    interrupted: list[bool] = []
    ended = Follower(job.id, after, interrupt).follow(connection)
    assert interrupted and ended.state == JobState.CANCELLED


def test_where_the_server_goes_away_the_next_one_goes_on(open_door, connection: Connection):
    """The first connection breaks after the job was submitted; the job is not submitted twice."""
    opened: list[Connection] = []

    @contextmanager
    def shaky():
        with open_door() as opening:
            opened.append(opening)
            if len(opened) == 1:

                def gone(_: object) -> None:
                    raise Gone("server_gone", address=opening.running.address)

                opening.events = gone  # pyright: ignore
            yield opening

    before = len(connection.jobs(500))
    options = read_arguments(["generate", "an apple", "--seed", "9"])
    outcome = attempt(options, shaky, lambda _: None)
    assert outcome.ok and [made["seed"] for made in outcome.files] == [9]
    assert len(opened) == 2
    assert len(connection.jobs(500)) == before + 1


def test_a_server_that_never_answers_is_told(capsys):
    tries: list[int] = []

    @contextmanager
    def nobody():
        tries.append(1)
        with Connection(Running("http://127.0.0.1:1", KEY)) as connection:
            yield connection

    assert make(nobody, "an apple") == 1
    assert "http://127.0.0.1:1" in capsys.readouterr().err
    assert len(tries) == generate.TRIES


@pytest.mark.parametrize("heard", [False, True])
def test_a_server_that_goes_away_before_a_job_stands(
    open_door, connection: Connection, heard: bool
):
    """Asked again is only what no server can have begun: nothing is drawn twice."""
    opened: list[Connection] = []

    @contextmanager
    def ending():
        with open_door() as opening:
            opened.append(opening)
            if len(opened) == 1:
                gone = Gone("server_gone", address=opening.running.address)
                gone.unheard = not heard

                def submit(_: object) -> None:
                    raise gone

                opening.submit = submit  # pyright: ignore
            yield opening

    options = read_arguments(["generate", "an apple", "--seed", "9"])
    outcome = attempt(options, ending, lambda _: None)
    assert (outcome.ok, len(opened)) == ((False, 1) if heard else (True, 2))


def test_a_line_that_breaks_is_taken_up_again(connection: Connection, monkeypatch):
    monkeypatch.setattr(generate, "_PAUSE", 0.001)
    real = connection.events
    asked: list[int] = []

    def two_at_a_time(after: int):
        asked.append(after)
        with closing(real(after)) as events:
            for number, event in enumerate(events):
                if number == 2:
                    return
                yield event

    monkeypatch.setattr(connection, "events", two_at_a_time)
    after = connection.last_event()
    job = connection.submit({"prompt": "an apple"})
    assert Follower(job.id, after, lambda _: None).follow(connection).state == JobState.FINISHED
    assert asked == sorted(asked)


def test_what_becomes_of_a_film_s_sound_is_said(open_door, client: Client, tmp_path: Path):
    job = client.finished(client.submit("a pear", batch_count=2, width=64, height=64)["id"])
    sound = write_wav(tmp_path / "music.wav", sine(440, 3))
    ask = Ask({"kind": "film", "job": job["id"], "fps": 2, "preset": "ultrafast"})
    errands = Errands([replace(ask, media={"sound": sound})], tmp_path, lambda _: None)
    errands.run(open_door)
    assert errands.outcome.ok, errands.outcome.troubles
    assert [Path(one["file"]).suffix for one in errands.outcome.files] == [".mp4"]
    assert "was cut off" in errands.outcome.said[0]


def test_what_is_worth_knowing_and_what_is_wrong_is_told_of_its_file(
    open_door, capsys, tmp_path: Path
):
    settings = {"compat": "native", "prompts": {"0": "x"}, "max_frames": 2, "W": 64, "H": 64}
    fine, broken = tmp_path / "fine.json", tmp_path / "broken.json"
    fine.write_text(json.dumps({**settings, "tiling": True}))
    broken.write_text(json.dumps({**settings, "zoom": "0:(-1)"}))
    assert make(open_door, str(fine), str(broken), command="animate") == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in told] == [str(fine), str(broken)]
    assert "tiling" in told[0] and "zoom" in told[1]
    assert make(open_door, str(fine), "--json", command="animate") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["code"] for one in result["warnings"]] == ["output_left_out"]


def test_what_is_said_of_it_is_in_the_shell_s_language(open_door, capsys, tmp_path: Path):
    settings = {"compat": "native", "prompts": {"0": "x"}, "max_frames": 2, "W": 64, "H": 64}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**settings, "seed": 9}))
    sound = write_wav(tmp_path / "music.wav", sine(440, 3))
    options = [str(path), "--sound", str(sound)]
    assert make(open_door, *options, command="animate", language="pl") == 0
    assert "resztę dźwięku ucięto" in capsys.readouterr().err


def test_an_animation_s_settings_are_copied_with_its_frames(open_door, capsys, tmp_path: Path):
    settings = {"compat": "native", "prompts": {"0": "x"}, "max_frames": 2, "W": 64, "H": 64}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**settings, "zoom": "1.02", "seed": 9}))
    out = tmp_path / "out"
    assert make(open_door, str(path), "--out", str(out), command="animate") == 0
    first, second, beside = sorted(out.iterdir())
    assert beside.name == first.name.replace("_000000000.png", "_settings.txt")
    read = read_settings(beside.read_text(encoding="utf-8"))
    assert read.native and (read.values["zoom"], read.values["seed"]) == ("1.02", 9)
    assert str(second) in capsys.readouterr().out


def test_all_pictures_of_a_job_are_enlarged(open_door, capsys, client: Client):
    job = client.finished(client.submit("a pear", batch_count=3, width=64, height=64)["id"])
    assert make(open_door, "--job", job["id"], "--json", command="upscale") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines[-1]["files"]) == 3
    assert make(open_door, "--job", "0" * 32, command="upscale") == 2
    assert "no such job" in capsys.readouterr().err


def test_where_some_pictures_could_not_be_made_it_is_said(open_door, capsys):
    """As of a job's pictures, enlarged, of which one was deleted."""

    @contextmanager
    def fewer():
        with open_door() as opening:
            whole = opening.job

            def job(id: str):
                found = whole(id)
                return found.model_copy(update={"pictures": found.pictures[:2]})

            opening.job = job  # pyright: ignore
            yield opening

    assert make(fewer, "an apple", "--count", "3") == 1
    out, err = capsys.readouterr()
    assert len(out.strip().split("\n\n")) == 2
    assert err.startswith("webui: 2 of 3 pictures were made")
