"""T5 reads a text as transformers does, and weights of words multiply what it says."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, T5Tokenizer

from tests.tiny_flows import T5_WIDTH, long_encoder, write_t5_tokenizer
from webui.core.errors import UserError
from webui.models.t5 import REMEMBERED, T5_WORDS, T5Encoder, read_t5_tokenizer

LENGTH = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t5") / "tokenizer"
    write_t5_tokenizer(folder)
    return folder


@pytest.fixture
def encoder(folder) -> T5Encoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = long_encoder().eval().requires_grad_(False)
    return T5Encoder(network, read_t5_tokenizer(folder, "m"), "text_encoder_3")


@pytest.mark.parametrize("text", ["a red apple", "", "  a  red\napple ", "żółć", "apple " * 40])
def test_it_reads_as_transformers_does(encoder, folder, text):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    ids = tokenizer(text, padding="max_length", max_length=LENGTH, truncation=True).input_ids
    wanted = encoder.model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    made = encoder.encode(text, LENGTH)
    assert made.shape == (LENGTH, T5_WIDTH) and encoder.width == T5_WIDTH
    assert torch.equal(made, wanted)


def test_weights_multiply_the_tokens_of_their_words_and_no_others(encoder):
    plain = encoder.encode("a red apple", LENGTH)
    weighted = encoder.encode("a (red:1.5) apple", LENGTH)
    factor = torch.ones(LENGTH, 1)
    factor[1] = 1.5
    assert torch.allclose(weighted, plain * factor)
    assert torch.equal(encoder.encode("a (red:1.5) apple", LENGTH, "Ignore"), plain)
    assert not torch.equal(encoder.encode("a (red:1.5) apple", LENGTH, "None"), plain)


def test_break_and_half_characters_do_no_harm(encoder):
    assert torch.equal(encoder.encode("a BREAK red", LENGTH), encoder.encode("a red", LENGTH))
    assert bool(encoder.encode("a \ud800", LENGTH).isfinite().all())


def test_what_was_read_is_remembered_until_the_weights_change(encoder):
    first = encoder.encode("a", LENGTH)
    assert encoder.encode("a", LENGTH) is first
    for number in range(REMEMBERED):
        encoder.encode("a" * (number + 2), LENGTH)
    assert encoder.encode("a", LENGTH) is not first
    again = encoder.encode("a", LENGTH)
    encoder.forget()
    assert encoder.encode("a", LENGTH) is not again


@pytest.mark.parametrize(
    ("content", "code"), [(None, "model_part_missing"), ("{}", "model_damaged")]
)
def test_a_tokenizer_that_is_none_is_named(tmp_path, content, code):
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(UserError) as raised:
        read_t5_tokenizer(tmp_path, "my model")
    assert raised.value.problem.code == code
    assert "my model" in str(raised.value.problem.values["file"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("translate English to German: That is good.",
         [13959, 1566, 12, 2968, 10, 466, 19, 207, 5]),
        ("Hello  world ﬁ ", [8774, 296, 361]),
        ("<pad>", [0]),
    ],
)  # fmt: skip
def test_the_words_that_ship_are_its_own(text, wanted):
    """The first example is its makers'; a ligature is its letters, and spaces are one."""
    tokenizer = read_t5_tokenizer(T5_WORDS, "m")
    assert tokenizer.encode(text, add_special_tokens=False).ids == wanted
    assert tokenizer.get_vocab_size() == 32100
    whole = tokenizer.to_str()
    made: Any = T5Tokenizer(
        vocab=[tuple(one) for one in json.loads(whole)["model"]["vocab"]],
        _spm_precompiled_charsmap=base64.b64decode(
            json.loads(whole)["normalizer"]["precompiled_charsmap"]
        ),
    )
    assert made(text, add_special_tokens=False).input_ids == wanted
