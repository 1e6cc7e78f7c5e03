"""The words that ship are those of Mistral Small 3."""

import pytest

from webui.models.families.flux2 import MISTRAL
from webui.models.mistral_words import mistral_tokenizer


def ids(text: str) -> list[int]:
    return mistral_tokenizer().encode(text, add_special_tokens=False).ids


def test_numbers_of_marks_are_those_of_the_published_configs():
    for mark, number in {
        "<s>": 1,
        "[INST]": 3,
        "[/INST]": 4,
        "[IMG]": 10,
        "<pad>": 11,
        "[SYSTEM_PROMPT]": 17,
        "[/SYSTEM_PROMPT]": 18,
    }.items():
        assert ids(mark) == [number]
    assert mistral_tokenizer().get_vocab_size() == 131072


def test_words_of_tekken():
    """`Hello world!` as its makers number it; every digit is a word, capitals begin words."""
    assert ids("Hello world!") == [22177, 4304, 1033]
    assert [len(ids(text)) for text in ("123", "HelloWorld")] == [3, 2]


@pytest.mark.parametrize("text", ["A cat, 3 cats!", "Żółć — 你好 🙂", "  two  spaces\n"])
def test_texts_come_back(text):
    assert mistral_tokenizer().decode(ids(text)) == text


def test_marks_of_the_chat_are_tokens():
    assert ids(MISTRAL.before)[:2] == [1, 17] and ids(MISTRAL.before)[-2:] == [18, 3]
    assert ids(MISTRAL.after) == [4]
