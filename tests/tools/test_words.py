"""The lists of the demo model's data set hold together."""

from collections import Counter
from typing import Literal

import pytest
from pydantic import ValidationError

from tools.demo.scenes import SCENES
from tools.demo.words import TONES, Subject, emoji_code, load_library, tone_codes


@pytest.mark.parametrize("language", ["en", "pl"])
def test_a_name_belongs_to_one_subject(language: Literal["en", "pl"]) -> None:
    library = load_library()
    named = [*library.subjects, *library.words.scenes.values()]
    counts = Counter(name for one in named for name in getattr(one, language))
    assert [name for name, count in counts.items() if count > 1] == []


def test_there_are_enough_subjects_and_none_twice() -> None:
    codes = [emoji_code(subject.emoji) for subject in load_library().subjects]
    assert len(codes) == len(set(codes))
    assert 150 <= len(codes) <= 260


def test_every_drawn_scene_has_words_and_the_reverse() -> None:
    assert set(load_library().words.scenes) == set(SCENES)


def test_the_shares_of_the_kinds_add_up() -> None:
    kinds = load_library().words.kinds.values()
    assert sum(kind.first for kind in kinds) == pytest.approx(1)
    assert sum(kind.last for kind in kinds) == pytest.approx(1)


def test_every_style_has_a_source_and_every_source_a_licence() -> None:
    library = load_library()
    assert {style.source for style in library.words.styles.values()} == set(library.sources)
    assert all(source.licence for source in library.sources.values())


def test_painted_nouns_have_a_gender() -> None:
    painted = [subject.paint for subject in load_library().subjects if subject.paint]
    assert painted
    assert all(gender in ("m", "f", "n") for _, _, gender in painted)


def test_codes_leave_variation_selectors_out() -> None:
    assert emoji_code("❤️") == "2764"
    assert emoji_code("🧑‍🚀") == "1f9d1-200d-1f680"


def test_tones_come_after_the_first_sign() -> None:
    person = Subject(emoji="🧑‍🚀", en=["astronaut"], pl=["astronauta"], tones=True)
    assert tone_codes(person)[1] == f"1f9d1-{TONES[0]}-200d-1f680"
    assert len(tone_codes(person)) == 6


def test_a_misspelt_field_is_an_error() -> None:
    with pytest.raises(ValidationError):
        Subject.model_validate({"emoji": "🍎", "en": ["apple"], "pl": ["jabłko"], "filp": True})
