import pytest
from pydantic import BaseModel, Field, ValidationError

from webui.core.areas import BOX, Box


class Area(BaseModel):
    box: Box = (0, 0, 1, 1)
    named: Box = Field((0, 0, 1, 1), title="Where", json_schema_extra={"titles": {"pl": "Gdzie"}})


def test_a_rectangle_is_four_shares_and_known_by_its_format():
    assert Area.model_validate({"box": [0, 0.25, 0.5, 1]}).box == (0, 0.25, 0.5, 1)
    for part in Area.model_json_schema()["properties"].values():
        assert part["format"] == BOX


@pytest.mark.parametrize(
    "box", [(0.5, 0, 0.5, 1), (0, 0.7, 1, 0.2), (-0.1, 0, 1, 1), (0, 0, 1.5, 1), (0, 0, 1)]
)
def test_one_without_inside_or_beyond_the_picture_is_refused(box):
    with pytest.raises(ValidationError):
        Area.model_validate({"box": box})
