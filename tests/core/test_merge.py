import pytest
from pydantic import ValidationError

from webui.core.merge import Convert, Merge
from webui.core.requests import REQUEST


@pytest.mark.parametrize(
    "request_", [Merge(model_a="a", model_b="b"), Convert(model="a", extract="vae")]
)
def test_they_are_requests_that_make_no_picture(request_):
    assert REQUEST.validate_json(request_.model_dump_json()) == request_
    assert request_.images == 0 and not list(request_.pictures())


@pytest.mark.parametrize(
    "wrong",
    [
        {"multiplier": 3.5},
        {"multiplier": float("nan")},
        {"method": "sum"},
        {"precision": "int8"},
        {"vae": "d"},
        {"folder": "../x"},
        {"file_name": "a/b"},
        {"model_b": None},
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ValidationError):
        Merge.model_validate({"model_a": "a", "model_b": "b", **wrong})
