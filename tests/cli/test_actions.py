import argparse

import pytest

from webui.cli.actions import actions_of, added


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="x")
    for name, action in added(actions_of(parser), {"show": "show it", "hide": "hide it"}, "; so"):
        action.add_argument("names", nargs="*", default=[name])
    return parser


def test_each_action_has_its_own_and_the_folders(parser: argparse.ArgumentParser) -> None:
    given = parser.parse_args(["hide", "--data-dir", "d"])
    assert (given.action, given.names, str(given.data_dir)) == ("hide", ["hide"], "d")
    assert "outputs_dir" not in given, "what is not given is missing"


def test_one_must_be_named(parser: argparse.ArgumentParser, capsys) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert "ACTION" in capsys.readouterr().err


def test_their_help_says_what_they_do(parser: argparse.ArgumentParser, capsys) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["show", "--help"])
    assert "Show it; so." in capsys.readouterr().out
