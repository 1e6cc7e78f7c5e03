"""What a manifest may say of an architecture."""

import pytest
from pydantic import ValidationError

from webui.core.architectures import Architecture


def test_an_architecture_is_told_by_something():
    with pytest.raises(ValidationError, match="give marks"):
        Architecture(name="made")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Made"},
        {"kind": "poem"},
        {"parts": {"a.": "unet"}},
        {"beside": {"network_2": 1}},
        {"card": {"colour": "red"}},
        {"card": {"unused": ["prompt"]}},
        {"shapes": {"a": [-1]}},
        {"marks": [""]},
    ],
)
def test_what_does_not_do_is_refused(wrong: dict):
    with pytest.raises(ValidationError):
        Architecture.model_validate({"name": "made", "marks": ["a."], **wrong})


def test_longer_names_of_parts_count_first():
    made = Architecture(
        name="made", marks=("a.",), parts={"a.": "network", "a.text.": "text_encoder"}
    )
    assert made.sizes.named == (("a.text.", "text_encoder"), ("a.", "network"))
    assert (made.model_card.family, made.model_card.width, made.model_card.parts) == (
        "made",
        512,
        {},
    )
