import json
from pathlib import Path

import pytest
from PIL import Image

from webui.cli import info
from webui.cli.parser import read_arguments
from webui.library.pictures import encode

INFOTEXT = "żółty kot\nNegative prompt: pies\nSteps: 20, Sampler: Euler a, Seed: 5, Size: 64x64"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(encode(Image.new("RGB", (64, 64)), "png", 90, INFOTEXT))
    return path


def test_the_parameters_are_printed(picture: Path, capsys):
    assert info.run(read_arguments(["info", str(picture)]), "en") == 0
    assert capsys.readouterr().out == f"{picture}\n{INFOTEXT}\n\n"


def test_as_json_with_the_request_they_describe(picture: Path, capsys):
    assert info.run(read_arguments(["info", "--json", str(picture)]), "en") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == str(picture) and told["infotext"] == INFOTEXT
    assert told["parameters"]["Seed"] == "5"
    assert (told["fields"]["prompt"], told["fields"]["steps"]) == ("żółty kot", 20)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"no picture", "no picture that can be read"),
        (encode(Image.new("RGB", (8, 8)), "png", 90, ""), "no parameters"),
    ],
)
def test_a_file_that_has_none_is_told_and_the_others_are_read(
    picture: Path, capsys, content: bytes | None, words: str
):
    other = picture.with_name("other.png")
    if content is not None:
        other.write_bytes(content)
    assert info.run(read_arguments(["info", str(other), str(picture)]), "en") == 1
    out, err = capsys.readouterr()
    assert "żółty kot" in out
    assert words in err and str(other) in err
    assert info.run(read_arguments(["info", "--json", str(other)]), "en") == 1
    assert json.loads(capsys.readouterr().out)["problem"]["message"]
