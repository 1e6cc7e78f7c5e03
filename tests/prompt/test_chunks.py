"""Chunks against A1111's, made with its toy tokenizer."""

import json
import math
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.prompt.attention import Span, read_attention
from webui.prompt.chunks import BACKTRACK, CHUNK, Chunks, Vocabulary, make_chunks

COMMA = 267


def tokenize(text: str) -> list[int]:
    """The rule of the golden file: one id a word, one a mark."""
    ids = []
    for piece in re.findall(r"\w+|[^\w\s]", text):
        number = re.fullmatch(r"w(\d+)", piece)
        if number:
            ids.append(1000 + int(number[1]))
        elif piece == ",":
            ids.append(COMMA)
        elif re.fullmatch(r"\w+", piece):
            ids.append(5000 + sum(map(ord, piece)))
        else:
            ids.append(300 + ord(piece) % 500)
    return ids


def vocabulary(embeddings: dict[str, int], padding: int = 49407) -> Vocabulary:
    return Vocabulary(tokenize, 49406, 49407, padding, COMMA, embeddings)


def test_chunks_are_a1111s() -> None:
    file = json.loads(golden("a1111/chunks.json").read_text(encoding="utf-8"))
    known = vocabulary(file["embeddings"])
    for case in file["cases"]:
        settings, expected = case["settings"], case["result"]
        plain = settings.get("emphasis") == "None"
        spans = [Span(case["text"], 1.0)] if plain else read_attention(case["text"])
        made = make_chunks(spans, known, settings.get("comma_padding_backtrack", BACKTRACK))
        assert (made.token_count, made.room) == (
            expected["token_count"],
            expected["target_token_count"],
        ), case
        for chunk, theirs in zip(made.chunks, expected["chunks"], strict=True):
            assert list(chunk.tokens) == theirs["tokens"], case
            assert len(chunk.weights) == len(theirs["multipliers"])
            for weight, multiplier in zip(chunk.weights, theirs["multipliers"], strict=True):
                assert math.isclose(weight, multiplier, rel_tol=1e-12), case
            assert [list(place) for place in chunk.embeddings] == theirs["embeddings"], case
    assert len(file["cases"]) == 64


def test_an_embedding_moves_with_its_tokens() -> None:
    text = " ".join(f"w{n}" for n in range(70)) + ", emb w1 w2"
    made = make_chunks([Span(text, 1.0)], vocabulary({"emb": 3}))
    first, second = made.chunks
    assert first.embeddings == ()
    assert second.embeddings == ((0, "emb"),)
    assert second.tokens[1:6] == (0, 0, 0, 1001, 1002)


def test_what_is_behind_the_end_is_padding() -> None:
    (chunk,) = make_chunks([Span("w1", 1.0)], vocabulary({}, padding=0)).chunks
    assert chunk.tokens == (49406, 1001, 49407, *[0] * 74)


def words(made: Chunks) -> list[int]:
    """All tokens but start, end and padding."""
    return [token for chunk in made.chunks for token in chunk.tokens if token < 49406]


@given(st.lists(st.sampled_from(["w1", ",", "w2 w3", "(w4:1.2)", "BREAK"]), max_size=300))
def test_no_token_is_lost(pieces: list[str]) -> None:
    made = make_chunks(read_attention(" ".join(pieces)), vocabulary({}))
    plain = " ".join(piece.strip("()").replace(":1.2", "") for piece in pieces if piece != "BREAK")
    assert words(made) == tokenize(plain)
    assert all(len(chunk.tokens) == len(chunk.weights) == CHUNK + 2 for chunk in made.chunks)
