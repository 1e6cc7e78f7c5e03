"""Plots as jobs: all cells at once, and one for the sheets that waits for them."""

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.setting import OWNER, ended, is_gone, make_jobs, paths_in, running, until
from webui.core.events import Job, JobState
from webui.core.plugins import Extensions
from webui.core.requests import Txt2Img
from webui.jobs.checks import Refused
from webui.jobs.plotting import all_axes, planned
from webui.jobs.queue import Jobs

ROOT = Path(__file__).parents[2]
STEPS = {"axis": "Steps", "values": "4-12 [3]"}
SCALE = {"axis": "CFG Scale", "values": "3,7"}


@pytest.fixture(scope="module")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Extensions:
    folder = tmp_path_factory.mktemp("extensions")
    for name in ("controlnet", "dynamic_thresholding"):
        (folder / name).symlink_to(ROOT / "extensions" / name)
    (folder / "example_panels").symlink_to(ROOT / "examples/extensions/example_panels")
    return Extensions([folder], "server")


@pytest.fixture
def idle(tmp_path: Path, extensions: Extensions) -> Generator[Jobs]:
    """Jobs whose worker is never started."""
    jobs = make_jobs(paths_in(tmp_path), extensions=extensions)
    yield jobs
    jobs.close()


def plot(**values: Any) -> dict[str, Any]:
    base = {"prompt": "a fox", **values.pop("base", {})}
    return {"kind": "plot", "base": base, **values}


def cells(jobs: Jobs, job: Job) -> list[Any]:
    return [jobs.get(id).request for id in job.request.jobs]  # pyright: ignore


def test_all_cells_are_taken_at_once(idle: Jobs) -> None:
    job = idle.submit(plot(x=STEPS, y=SCALE), OWNER)
    found = cells(idle, job)
    assert [(one.steps, one.cfg_scale) for one in found] == [
        *((4, 3), (8, 3), (12, 3), (4, 7), (8, 7), (12, 7))
    ]
    assert len({one.seed for one in found}) == 1
    assert all(isinstance(one, Txt2Img) and one.model == "easel-demo" for one in found)
    assert job.request.columns == ("Steps: 4", "Steps: 8", "Steps: 12")  # pyright: ignore
    assert job.state == JobState.QUEUED and job.ahead is None


def test_a_page_says_in_which_language_the_sheet_is_read(idle: Jobs) -> None:
    job = idle.submit(plot(x=STEPS, language="pl"), OWNER)
    assert job.request.columns == ("Kroki: 4", "Kroki: 8", "Kroki: 12")  # pyright: ignore


def test_what_a_client_writes_of_the_result_does_not_count(idle: Jobs) -> None:
    job = idle.submit(plot(x=STEPS, jobs=["0" * 32], columns=["x"] * 50), OWNER)
    assert len(job.request.jobs) == 3  # pyright: ignore
    assert len(job.request.columns) == 3  # pyright: ignore


def test_names_are_as_a1111_says_them(idle: Jobs) -> None:
    made = planned(plot(x={"axis": "kroki", "values": "4"}), idle.around())
    assert made.plot.x and made.plot.x.axis == "Steps"
    models = {"axis": "checkpoint NAME", "values": "Easel-demo.safetensors"}
    assert [one.model for one in cells(idle, idle.submit(plot(x=models), OWNER))] == ["easel-demo"]
    vae = {"axis": "VAE", "values": "Automatic, None"}
    assert [one.vae for one in cells(idle, idle.submit(plot(x=vae), OWNER))] == [None, "None"]


def test_extensions_fields(idle: Jobs) -> None:
    job = idle.submit(
        plot(
            x={"axis": "extensions.example_panels.times", "values": "0-2"},
            y={"axis": "extensions.dynamic_thresholding.measure", "values": "AD,STD"},
            z={"axis": "[Dynamic thresholding] Limit the contrast of guidance", "values": "on,off"},
        ),
        OWNER,
    )
    found = cells(idle, job)
    assert [one.prompt for one in found[:3]] == ["a fox", "a fox!", "a fox!!"]
    values = [one.extensions["dynamic_thresholding"] for one in found]
    assert [one["measure"] for one in values] == (["AD"] * 3 + ["STD"] * 3) * 2
    assert [one["enabled"] for one in values] == [True] * 6 + [False] * 6


def test_units_of_controlnet(idle: Jobs) -> None:
    weight = {"axis": "extensions.controlnet.units.0.weight", "values": "0.5-1 (+0.25)"}
    unit = {"model": "easel-demo-canny", "enabled": False}
    base = {"extensions": {"controlnet": {"units": [unit]}}}
    found = cells(idle, idle.submit(plot(base=base, x=weight), OWNER))
    assert [one.extensions["controlnet"]["units"][0]["weight"] for one in found] == [0.5, 0.75, 1]
    with pytest.raises(Refused, match="no number 1 in the request"):
        idle.submit(plot(x=weight), OWNER)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (plot(), ["plot_no_axis"]),
        ({"kind": "plot", "x": STEPS}, ["missing"]),
        (plot(x=STEPS, margin=900), ["too_large"]),
        (plot(base={"kind": "upscale"}, x=STEPS), ["plot_kind"]),
        (plot(base={"kind": "plot"}, x=STEPS), ["plot_kind"]),
        (plot(x={"axis": "Steps", "values": "4,x"}), ["axis_not_whole"]),
        (plot(base={"width": 513}, x=STEPS), ["not_a_multiple"]),
        (
            plot(x={"axis": "Prompt S/R", "values": "fox,<lora:none:1>"}),
            ["missing_lora", "plot_in_cell"],
        ),
    ],
)
def test_nothing_is_taken_where_one_cell_does_not_fit(
    idle: Jobs, values: Any, codes: list[str]
) -> None:
    with pytest.raises(Refused) as caught:
        idle.submit(values, OWNER)
    assert [one.code for one in caught.value.problems] == codes
    assert not idle.list(OWNER)


def test_a_cell_that_an_extension_fails_on_is_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "extensions/picky"
    folder.mkdir(parents=True)
    (folder / "extension.toml").write_text('name="picky"\nversion="1"\napi=1\nserver="server"\n')
    (folder / "server.py").write_text(
        "from webui.ext import hookimpl\n\n\n@hookimpl\ndef rewrite_request(request):\n"
        "    if request.steps == 8:\n        raise ValueError('not eight')\n"
    )
    extensions = Extensions([folder.parent], "server")
    with running(tmp_path, extensions=extensions) as jobs:
        job = ended(jobs, jobs.submit(plot(x=STEPS), OWNER))
        states = [jobs.get(id).state for id in job.request.jobs]  # pyright: ignore
    assert states == [JobState.FINISHED, JobState.FAILED, JobState.FINISHED]
    assert job.state == JobState.FINISHED
    assert job.text == "Cells without a picture: 1 of 3."


def test_the_sheet_waits_for_its_cells(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = ended(jobs, jobs.submit(plot(base={"prompt": "slow"}, x=STEPS, y=SCALE), OWNER))
        over = [jobs.get(id) for id in job.request.jobs]  # pyright: ignore
    assert job.state == JobState.FINISHED, job.problem
    assert job.started and all(one.ended and job.started >= one.ended for one in over)
    assert len(job.pictures) == 1
    assert "X Type: Steps, X Values: 4-12 [3]" in job.pictures[0].infotext


def test_a_crash_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        words = {"axis": "Prompt S/R", "values": "fox,die=0 once,cat"}
        job = jobs.submit(plot(x=words), OWNER)
    with running(tmp_path) as jobs:
        job = ended(jobs, job)
        assert [len(jobs.get(id).pictures) for id in job.request.jobs] == [1] * 3  # pyright: ignore
    assert job.state == JobState.FINISHED and not job.text


def test_a_kill_of_all_in_mid_plot_keeps_what_is_finished_and_draws_the_rest(
    tmp_path: Path,
) -> None:
    """The server as a process, with its worker in the midst of the second of three cells."""
    words = {"axis": "Prompt S/R", "values": "fox,hang=0 once,cat"}
    asked = {"paths": str(tmp_path), "plot": plot(base={"prompt": "a fox slow"}, x=words)}
    command = [sys.executable, "-c", SERVER, json.dumps(asked)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        id, first, made = server.stdout.readline().split()
        worker = int(server.stdout.readline())
        server.kill()
    until(lambda: is_gone(worker))
    with running(tmp_path) as jobs:
        job = ended(jobs, jobs.get(id))
        found = [jobs.get(one) for one in job.request.jobs]  # pyright: ignore
        files = [[Path(one.file or "") for one in cell.pictures] for cell in found]
    assert job.state == JobState.FINISHED and not job.text
    assert len(job.pictures) == 1, "one sheet"
    assert [len(one) for one in files] == [1] * 3
    assert (found[0].id, str(files[0][0])) == (first, made), "the finished cell was kept"
    assert [one.attempts == 1 for one in found] == [True, False, True]


SERVER = """
import json, sys
from pathlib import Path
import psutil
from tests.jobs.setting import OWNER, running, until
asked = json.loads(sys.argv[1])
with running(Path(asked["paths"])) as jobs:
    job = jobs.submit(asked["plot"], OWNER)
    first, second, _ = job.request.jobs
    until(lambda: jobs.get(first).pictures and jobs.get(second).state == "running")
    print(job.id, first, jobs.get(first).pictures[0].file, flush=True)
    (worker,) = psutil.Process().children()
    print(worker.pid, flush=True)
    until(lambda: False)
"""


def test_cancelling_a_plot_ends_its_cells(idle: Jobs) -> None:
    job = idle.submit(plot(x=STEPS), OWNER)
    other = idle.submit({"prompt": "x"}, OWNER)
    assert idle.cancel(job.id).state == JobState.CANCELLED
    states = {idle.get(id).state for id in job.request.jobs}  # pyright: ignore
    assert states == {JobState.CANCELLED}
    assert idle.get(other.id).state == JobState.QUEUED


def test_one_cancelled_cell_is_a_gap(tmp_path: Path) -> None:
    with running(tmp_path) as jobs:
        job = jobs.submit(plot(base={"prompt": "slow"}, x=STEPS), OWNER)
        jobs.cancel(job.request.jobs[2])  # pyright: ignore
        job = ended(jobs, job)
    assert job.text == "Cells without a picture: 1 of 3."


def test_axes_of_what_is_there(idle: Jobs) -> None:
    found = {one.id: one for one in all_axes("txt2img", idle.around())}
    assert "Euler a" in [one.value for one in found["sampler"].choices]
    assert [one.value for one in found["model"].choices] == ["easel-demo"]
    assert [one.value for one in found["vae"].choices][:2] == [None, "None"]
    assert found["vae"].choices[0].title["pl"]
    with pytest.raises(Exception, match="no plots of film"):
        all_axes("film", idle.around())
