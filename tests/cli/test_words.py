import pytest

from webui.cli.words import shell_language, worded
from webui.core.errors import Problem, UserError
from webui.core.guarding import ExtensionError
from webui.core.texts import text


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "pl_PL.UTF-8"}, "pl"),
        ({"LANG": "pl_PL.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "pl"}, "pl"),
        ({"LANG": "", "LC_ALL": "pl_PL"}, "pl"),
        ({"LANG": "de_DE"}, "en"),
        ({}, "en"),
    ],
)
def test_the_shell_speaks_as_its_environment(environment, language):
    assert shell_language(environment) == language


def test_a_problem_is_worded_in_the_language():
    problem = UserError("no_server").problem
    assert worded(problem, "pl").startswith("Na tym folderze danych")
    assert worded(problem, "en") == problem.message


def test_a_problem_of_a_newer_server_is_told_as_it_came():
    assert worded(Problem(code="from_the_future", message="Oh."), "pl") == "Oh."


def test_a_field_of_a_part_is_called_by_both_names():
    problem = Problem(code="not_whole", message="Oh.", field="hires.steps", values={"label": "x"})
    assert worded(problem, "en") == "Hires fix › Steps must be a whole number."
    assert worded(problem, "pl") == "Pole Hires fix › Kroki musi być liczbą całkowitą."


def test_what_an_extension_says_is_worded_in_the_language_too():
    said = ExtensionError("shout", "before", UserError("no_server")).problem
    assert worded(said, "en") == said.message
    assert worded(said, "pl") == f"Rozszerzenie shout: {text('error.no_server', 'pl')}"
