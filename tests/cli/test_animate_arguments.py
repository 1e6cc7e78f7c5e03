import pytest

from webui.cli.parser import read_arguments

JOB = "a" * 32


def test_a_job_to_go_on_from_may_name_a_frame() -> None:
    assert read_arguments(["animate", "--after", JOB]).after == {"job": JOB}
    options = read_arguments(["animate", "a.json", "--after", f"{JOB}:30", "--draft", "0.5"])
    assert options.after == {"job": JOB, "frame": 30} and options.draft == 0.5
    assert [path.name for path in options.files] == ["a.json"]


@pytest.mark.parametrize("wrong", [[], ["--after", f"{JOB}:x"], ["--after", ":3"], ["--plan"]])
def test_what_does_not_fit_ends_it(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["animate", *wrong])
