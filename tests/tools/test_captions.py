"""What is written under the demo model's training pictures."""

import numpy as np
import pytest

from tests.tools.tiny import tiny_words
from tools.demo.captions import Content, with_article, write_captions
from tools.demo.words import Phrases


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("apple", "an apple"),
        ("red apple", "a red apple"),
        ("unicorn", "a unicorn"),
        ("grapes", "grapes"),
        ("bus", "a bus"),
        ("glass of milk", "a glass of milk"),
        ("houses on a green hill", "houses on a green hill"),
        ("sunrise over mountains", "a sunrise over mountains"),
        ("christmas tree", "a christmas tree"),
    ],
)
def test_articles(name: str, said: str) -> None:
    assert with_article(name) == said


def test_captions_come_in_both_languages_with_what_follows() -> None:
    names = Phrases(en=["box"], pl=["pudełko"])
    after = Phrases(en=["on a blue background"], pl=["na niebieskim tle"])
    content = Content(names, after, tiny_words().styles["flat"])
    captions = write_captions(content, tiny_words(), 200, np.random.default_rng(0))
    plain = {caption.removesuffix(", 8k") for caption in captions}
    assert plain == {
        "a box on a blue background, flat style",
        "pudełko na niebieskim tle, płaski styl",
    }
    polish = sum(caption.startswith("pudełko") for caption in captions)
    assert 50 < polish < 120


def test_the_first_name_is_the_likeliest() -> None:
    content = Content(Phrases(en=["cat", "kitten", "tomcat"], pl=["kot"]))
    captions = write_captions(content, tiny_words(), 400, np.random.default_rng(0))
    counts = [sum(name in one.split() for one in captions) for name in ("cat", "kitten", "tomcat")]
    assert counts[0] > counts[1] > counts[2] > 0
