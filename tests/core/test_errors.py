from webui.core.errors import Problem, UnknownId, UserError, in_language, worded
from webui.core.texts import text


def test_a_user_error_is_one_sentence_and_also_data():
    error = UserError("extension_twice", "extensions", name="x")
    assert str(error) == error.problem.message == text("error.extension_twice", "en", name="x")
    assert error.problem == Problem(
        code="extension_twice", field="extensions", values={"name": "x"}, message=str(error)
    )


def test_a_gap_may_have_any_name():
    error = UserError("manifest_api", name="x", api=2, ours=1)
    assert error.problem.values == {"name": "x", "api": 2, "ours": 1}


def test_an_unknown_id_is_a_user_error():
    assert issubclass(UnknownId, UserError)


def test_gaps_may_be_filled_by_language():
    problem = UserError("axis_empty", None, **{"axis": "Steps", "axis:pl": "Kroki"}).problem
    assert worded(problem, "en") == problem.message == "Steps: give at least one value."
    assert worded(problem, "pl").startswith("Kroki: ")
    assert in_language({"a": 1, "a:pl": "x", "b:en": 2}, "pl") == {"a": "x"}


def test_a_code_that_is_none_of_ours_stands_for_itself():
    assert str(UserError("no_brush", brush="x")) == "no_brush"
    assert worded(UserError("no_brush").problem, "pl") == "no_brush"
