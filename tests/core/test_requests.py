import pytest
from pydantic import ValidationError

from webui.core.requests import LARGEST_SEED, REQUEST, Txt2Img


def test_round_trip_keeps_everything():
    request = Txt2Img(prompt="a cat", seed=LARGEST_SEED, width=128, extensions={"x": {"y": [1]}})
    assert REQUEST.validate_json(request.model_dump_json()) == request


def test_with_validates():
    request = Txt2Img(prompt="a cat")
    assert request.with_(steps=30).steps == 30
    with pytest.raises(ValidationError):
        request.with_(width=513)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 513},
        {"height": 0},
        {"steps": 10**9},
        {"prompt": " \n"},
        {"prompt": "x" * 1_000_000},
        {"cfg_scale": float("nan")},
        {"seed": -2},
        {"seed": 2**64},
        {"colour": "red"},
        {"image_format": "bmp"},
        {"batch_size": 9},
    ],
)
def test_bad_input_names_its_field(wrong):
    with pytest.raises(ValidationError) as raised:
        Txt2Img.model_validate({"prompt": "a cat", **wrong})
    assert [error["loc"][0] for error in raised.value.errors()] == list(wrong)
