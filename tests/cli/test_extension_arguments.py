import pytest

from webui.cli.parser import read_arguments


def test_what_comes_after_a_name_is_the_commands_own():
    options = read_arguments(["extensions", "run", "paint", "greet", "--loud", "Ada"])
    assert (options.name, options.words) == ("paint", ["greet", "--loud", "Ada"])


def test_folders_and_json_are_taken():
    options = read_arguments(["extensions", "list", "--json", "--data-dir", "here"])
    assert options.json and str(options.data_dir) == "here"


@pytest.mark.parametrize("words", [["extensions"], ["extensions", "enable"], ["extensions", "fly"]])
def test_what_is_missing_is_told(words, capsys):
    with pytest.raises(SystemExit):
        read_arguments(words)
    assert "usage" in capsys.readouterr().err
