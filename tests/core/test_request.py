import pytest
from pydantic import ValidationError

from webui.core.request import Request


class Sent(Request):
    picture_fields = ("image", "part.image", "many")

    image: str
    part: dict[str, str] | None = None
    many: dict[str, str] = {}


PICTURE, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def test_changes_are_validated_as_a_whole():
    sent = Sent(image=PICTURE)
    assert sent.with_(file_name="x").file_name == "x"
    with pytest.raises(ValidationError):
        sent.with_(file_name="a/b")
    with pytest.raises(ValidationError):
        sent.with_(strange=1)


def test_pictures_are_named_by_their_fields():
    sent = Sent(image=PICTURE, many={"one": OTHER})
    assert dict(sent.pictures()) == {"image": PICTURE, "many.one": OTHER}
    assert dict(sent.with_pictures({"many.one": PICTURE}).pictures())["many.one"] == PICTURE
