"""Which captions the demo model's training sees."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="the extra `train` is not installed")

from tools.demo.diffusion_stage import NO_CAPTION_SHARE, SHORT, WHOLE_SHARE, draw_captions, tokenize
from tools.demo.vocabulary import train_tokenizer


def test_captions_are_chosen_and_some_left_empty() -> None:
    tokens = np.arange(2 * 3 * 77).reshape(2, 3, 77) % 1000
    empty = np.full(77, -1)
    drawn = [draw_captions(tokens, empty, np.random.default_rng(seed)) for seed in range(600)]
    first = [ids[0] for ids in drawn]
    assert np.mean([ids[0] == -1 for ids in first]) == pytest.approx(NO_CAPTION_SHARE, abs=0.04)
    assert {ids[0] for ids in first} == {-1, *tokens[0, :, 0]}
    assert np.mean([len(ids) == 77 for ids in first]) == pytest.approx(WHOLE_SHARE, abs=0.06)
    assert {len(ids) for ids in first} == {77, SHORT}


def test_tokens_stand_where_their_captions_do(tmp_path: Path) -> None:
    texts = [["a ball", "piłka"], ["a box", "a ball"]]
    tokenizer = train_tokenizer(["a ball", "a box", "piłka"] * 3, tmp_path, 600)
    table = tokenize(tokenizer, texts)
    assert table.shape == (2, 2, 77)
    assert (table[0, 0] == table[1, 1]).all()
    assert "piłka" in str(tokenizer.decode(table[0, 1], skip_special_tokens=True))
    assert table[0, 0, 0] == tokenizer.bos_token_id
    assert table[0, 0, -1] == tokenizer.eos_token_id
