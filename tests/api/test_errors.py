import json

import pytest

from webui.api.errors import EVERYWHERE, MEANINGS, STATUS, may_answer, problems_response, status_of
from webui.core.errors import UnknownId, UserError
from webui.core.texts import catalogue


def test_every_status_belongs_to_a_sentence_and_has_a_meaning():
    for code, status in STATUS.items():
        assert f"error.{code}" in catalogue("en"), code
        assert status in MEANINGS or status == 405, code
    assert set(EVERYWHERE) <= set(MEANINGS)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownId("unknown_extension", name="x"), 404),
        (UserError("wrong_password"), 401),
        (UserError("disk_full", name="a", folder="b"), 507),
        (UserError("no_parameters"), 422),
    ],
)
def test_the_status_says_what_kind_of_error_it_is(error, status):
    assert status_of(error) == status


def test_problems_leave_in_one_shape():
    problem = UserError("no_extension", "extensions.x", name="x").problem
    response = problems_response([problem, problem], 422, {"retry-after": "5"})
    assert (response.status_code, response.headers["retry-after"]) == (422, "5")
    assert response.headers["content-type"] == "application/json"
    told = json.loads(bytes(response.body))
    assert set(told) == {"problems"} and len(told["problems"]) == 2
    assert set(told["problems"][0]) == {"code", "field", "message", "values", "cause"}


def test_a_route_says_how_it_can_fail():
    assert set(may_answer(404, 507)) == {404, 507}
