"""The words that ship are Qwen's: numbers that its makers and diffusers name."""

import pytest

from webui.models.families.flux2 import QWEN
from webui.models.families.qwen_image import CHAT, EDIT
from webui.models.families.z_image import CHAT as Z_CHAT
from webui.models.qwen_words import qwen_tokenizer


def ids(text: str) -> list[int]:
    return qwen_tokenizer().encode(text, add_special_tokens=False).ids


def test_numbers_of_marks_are_those_of_the_published_configs():
    for mark, number in {
        "<|endoftext|>": 151643,
        "<|im_start|>": 151644,
        "<|im_end|>": 151645,
        "<|vision_start|>": 151652,
        "<|vision_end|>": 151653,
        "<|image_pad|>": 151655,
        "<|video_pad|>": 151656,
        "<think>": 151667,
        "</think>": 151668,
    }.items():
        assert ids(mark) == [number]
    assert qwen_tokenizer().get_vocab_size() == 151669


def test_the_example_of_its_makers():
    system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    assert ids(system) == [151644, 8948, 198, 2610, 525, 264, 10950, 17847, 13, 151645, 198]


@pytest.mark.parametrize("chat", [CHAT, EDIT])
def test_as_many_tokens_are_skipped_as_stand_before_the_text(chat):
    assert len(ids(chat.before)) == chat.skip


@pytest.mark.parametrize("text", ["A cat, 3 cats!", "Żółć — 你好 🙂", "  two  spaces\n"])
def test_texts_come_back(text):
    assert qwen_tokenizer().decode(ids(text)) == text


def test_marks_of_chats_are_tokens():
    for chat in (Z_CHAT, QWEN):
        assert len(ids(f"{chat.before}{chat.after}")) < 20
