import subprocess
import sys
from pathlib import Path

import pytest

from webui.cli.parser import read_arguments
from webui.core.requests import Txt2Img

HEAVY = ("pydantic", "fastapi", "starlette", "uvicorn", "httpx", "gradio", "PIL", "numpy", "torch")


def test_without_a_command_the_page_is_served():
    options = read_arguments(["--port", "7861", "--host", "0.0.0.0", "--no-browser"])
    assert options.command is None
    assert (options.port, options.host, options.no_browser) == (7861, "0.0.0.0", True)
    assert "password" not in options and "share" not in options


def test_serve_says_the_same_with_a_word():
    options = read_arguments(["serve", "--port", "0", "--share"])
    assert (options.command, options.port, options.share) == ("serve", 0, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--data-dir", "here", "generate", "hi"],
        ["generate", "--data-dir", "here", "hi"],
        ["jobs", "list", "--data-dir", "here"],
        ["--data-dir", "here", "doctor"],
    ],
)
def test_folders_may_stand_before_or_after_the_command(arguments):
    options = read_arguments(arguments)
    assert options.data_dir == Path("here")
    assert options.models_dir is None and options.outputs_dir is None


def test_generate_passes_values_on_as_they_are_and_leaves_out_what_was_not_said():
    options = read_arguments(
        ["generate", "a red apple", "--seed", "-1", "--cfg", "lots", "--count", "2"]
    )
    given = {name: value for name, value in vars(options).items() if name in Txt2Img.model_fields}
    assert given == {
        "prompt": "a red apple",
        "seed": "-1",
        "cfg_scale": "lots",
        "batch_count": "2",
    }
    assert "out" not in options and "json" not in options


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "x"], ["dance"], ["generate"], ["info"], ["jobs"]]
    + [["img2img", "a.png"], ["inpaint"], ["outpaint", "a.png"], ["upscale"]]
    + [["upscale", "a.png", "--job", "0" * 32]]
    + [["upscale", "a.png", "--to", "large"], ["generate", "a", "--hires-to", "512"]],
)
def test_what_makes_no_sense_is_told_with_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        read_arguments(arguments)
    assert end.value.code == 2
    assert "usage: webui" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["generate", "--help"], ["inpaint", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "webui", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert [name for name in imported if name.partition(".")[0] in HEAVY] == []


def test_help_explains_every_option():
    done = subprocess.run(
        [sys.executable, "-m", "webui", "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    for option in ("--host", "--port", "--data-dir", "--models-dir", "--outputs-dir"):
        assert option in done.stdout
    for option in ("--no-browser", "--share", "--password", "generate", "jobs", "info", "doctor"):
        assert option in done.stdout
    for command in ("img2img", "inpaint", "outpaint", "upscale"):
        assert command in done.stdout


def test_pictures_stand_before_the_prompt():
    options = read_arguments(["img2img", "a.png", "b.png", "a cat", "--strength", "0.6"])
    assert (options.files, options.prompt) == ([Path("a.png"), Path("b.png")], "a cat")
    options = read_arguments(["inpaint", "a.png", "--mask", "m.png", "a cat"])
    assert (options.files, options.prompt, options.mask) == (
        [Path("a.png")],
        "a cat",
        Path("m.png"),
    )
    assert read_arguments(["upscale", "a", "b"]).files == [Path("a"), Path("b")]
    of_a_job = read_arguments(["upscale", "--job", "0" * 32, "--by", "2"])
    assert (of_a_job.files, of_a_job.job) == ([], "0" * 32)


def test_values_and_sizes_fill_parts_of_the_request():
    options = vars(read_arguments(["generate", "a", "--hires-to", "1024x768", "--refiner", "r"]))
    assert (options["hires.width"], options["hires.height"]) == ("1024", "768")
    assert options["refiner.model"] == "r"
    options = vars(read_arguments(["upscale", "a", "--to", "64X32", "--fit", "--diffusion"]))
    assert (options["width"], options["height"], options["crop"]) == ("64", "32", False)
    assert options["diffusion"] == {}
