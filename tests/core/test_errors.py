from webui.core.errors import Problem, UnknownId, UserError
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
