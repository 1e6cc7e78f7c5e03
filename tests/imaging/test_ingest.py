"""Picture files of every kind come in as they look."""

import io

import numpy as np
import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.imaging.ingest import opened


def file_of(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def test_sixteen_bits_are_scaled() -> None:
    levels = np.array([[0, 257, 32896, 65535]], np.uint16)
    result = opened(file_of(Image.fromarray(levels)))
    assert np.asarray(result).tolist() == [[[0] * 3, [1] * 3, [128] * 3, [255] * 3]]


def test_an_empty_file_is_said_to_be_empty() -> None:
    with pytest.raises(UserError) as caught:
        opened(b"")
    assert caught.value.problem.code == "picture_empty"
