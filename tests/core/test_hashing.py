import pytest
from pydantic import ValidationError

from webui.core.hashing import Hash
from webui.core.requests import REQUEST


def test_a_request_makes_no_pictures_and_knows_the_kinds():
    request = REQUEST.validate_python({"kind": "hash", "of": "lora", "model": "dog"})
    assert isinstance(request, Hash)
    assert (request.images, Hash().of, Hash().model) == (0, None, None)
    with pytest.raises(ValidationError):
        Hash.model_validate({"of": "cats"})
