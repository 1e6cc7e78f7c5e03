import pytest
from pydantic import ValidationError

from webui.core.requests import REQUEST, Download


def test_it_comes_back_from_json_as_it_was():
    asked = Download(source="owner/name", to="lora", sha256="A" * 64)
    assert REQUEST.validate_json(asked.model_dump_json()) == asked
    assert asked.images == 0
    assert asked.sha256 == "a" * 64


@pytest.mark.parametrize("sha256", ["", "a" * 63, "g" * 64, "ａ" * 64])
def test_a_hash_has_64_digits(sha256: str):
    with pytest.raises(ValidationError, match="not_a_sha256"):
        Download(source="x", sha256=sha256)
