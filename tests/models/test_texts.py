import pytest
import torch
from transformers import CLIPTextModel, CLIPTokenizer

from webui.core.errors import UserError
from webui.models import texts as module
from webui.models.emphasis import emphasise
from webui.models.texts import Reading, TextEncoder

CONTEXT = 77


@pytest.fixture(scope="module")
def encoder(tiny):
    model = CLIPTextModel.from_pretrained(tiny.folder, subfolder="text_encoder")
    tokenizer = CLIPTokenizer.from_pretrained(tiny.folder / "tokenizer")
    return TextEncoder(model.requires_grad_(False).eval(), tokenizer)


def one(encoder: TextEncoder, text: str, *options) -> torch.Tensor:
    return encoder.encode([text], *options)[0].tokens


def plain(encoder: TextEncoder, text: str) -> torch.Tensor:
    """What CLIP itself makes of a short text."""
    tokens = encoder.tokenizer(text, padding="max_length", max_length=CONTEXT, return_tensors="pt")
    return encoder.model(input_ids=tokens["input_ids"]).last_hidden_state[0]


def test_a_short_text_is_clips(encoder):
    for text in ("a red apple", "czerwone jabłko", ""):
        assert torch.allclose(one(encoder, text), plain(encoder, text), atol=1e-6)


def test_break_begins_a_chunk(encoder):
    both = one(encoder, "a cat BREAK a dog")
    assert torch.allclose(both[:CONTEXT], plain(encoder, "a cat"), atol=1e-6)
    assert torch.allclose(both[CONTEXT:], plain(encoder, "a dog"), atol=1e-6)


def test_long_texts_take_more_chunks(encoder):
    text = "apple " * 80
    tokens = one(encoder, text)
    assert len(tokens) % CONTEXT == 0 and len(tokens) >= 2 * CONTEXT
    assert torch.allclose(tokens[:CONTEXT], plain(encoder, "apple " * 75), atol=1e-6)


def test_shorter_texts_are_filled_up_with_empty_chunks(encoder):
    short, long = encoder.encode(["a cat", "a BREAK b BREAK c"])
    assert short.tokens.shape == long.tokens.shape == (3 * CONTEXT, 32)
    assert torch.allclose(short.tokens[:CONTEXT], plain(encoder, "a cat"), atol=1e-6)
    assert torch.allclose(short.tokens[CONTEXT:], plain(encoder, "").repeat(2, 1), atol=1e-6)


def test_emphasis(encoder):
    weights = torch.ones(1, CONTEXT)
    weights[0, len(encoder.tokenizer("a")["input_ids"]) - 1] = 1.3  # `apple` is one token
    text = plain(encoder, "a apple b")[None]
    for mode in ("Original", "No norm", "Ignore"):
        made = one(encoder, "a (apple:1.3) b", 1, mode)
        assert torch.allclose(made, emphasise(text, weights, mode)[0], atol=1e-5), mode
    brackets = one(encoder, "a (apple:1.3) b", 1, "None")
    assert torch.allclose(brackets, plain(encoder, "a (apple:1.3) b"), atol=1e-6)
    assert torch.equal(
        one(encoder, "a (apple:1.3) b"), one(encoder, "a (apple:1.3) b", 1, "Original")
    )


def test_clip_skip_reads_an_earlier_layer_and_still_norms_it(encoder):
    tokens = encoder.tokenizer("a", padding="max_length", max_length=CONTEXT, return_tensors="pt")
    layers = encoder.model(tokens["input_ids"], output_hidden_states=True).hidden_states
    for skip in (1, 2, 3):
        wanted = encoder.model.final_layer_norm(layers[-skip])[0]
        assert torch.allclose(one(encoder, "a", skip), wanted, atol=1e-6)
    with pytest.raises(UserError, match="has 3 layers, choose 3 or less") as caught:
        encoder.encode(["a"], 4)
    assert caught.value.problem.field == "clip_skip"


def test_families_read_in_other_ways(encoder):
    tokens = encoder.tokenizer("a", padding="max_length", max_length=CONTEXT, return_tensors="pt")
    layers = encoder.model(tokens["input_ids"], output_hidden_states=True).hidden_states
    raw = TextEncoder(encoder.model, encoder.tokenizer, Reading(skip=2, norm=False))
    for skip, layer in ((1, -2), (2, -2), (3, -3)):
        assert torch.allclose(one(raw, "a", skip), layers[layer][0], atol=1e-6)
    shortened = TextEncoder(encoder.model, encoder.tokenizer, Reading(skip=2, left_out=1))
    for skip, layer in ((1, -1), (2, -1), (3, -2), (4, -3)):
        wanted = encoder.model.final_layer_norm(layers[layer])[0]
        assert torch.allclose(one(shortened, "a", skip), wanted, atol=1e-6)
    with pytest.raises(UserError, match="has 4 layers"):
        shortened.encode(["a"], 5)


def test_padding(encoder):
    ids = encoder.tokenizer("a")["input_ids"]
    padded = torch.tensor([ids + [0] * (CONTEXT - len(ids))])
    wanted = encoder.model(input_ids=padded).last_hidden_state[0]
    zeros = TextEncoder(encoder.model, encoder.tokenizer, Reading(padding=0))
    assert torch.allclose(one(zeros, "a"), wanted, atol=1e-6)
    assert not torch.allclose(one(encoder, "a"), wanted, atol=1e-3)


def test_any_characters(encoder):
    for text in ("\ud800 half a pair", "\0", "🍎 \u202e", "a\r\nb"):
        assert one(encoder, text).isfinite().all()


def test_a_weight_that_is_no_number_is_the_users_to_mend(encoder):
    with pytest.raises(UserError, match=r"1\.2\.3"):
        encoder.encode(["(a:1.2.3)"])


def test_the_same_texts_are_read_once(encoder, monkeypatch):
    calls: list[int] = []
    forward = encoder.model.forward
    monkeypatch.setattr(
        encoder.model, "forward", lambda *a, **k: calls.append(1) or forward(*a, **k)
    )
    first = encoder.encode(["once", "twice"])
    again = encoder.encode(["once", "twice"])
    assert torch.equal(first[0].tokens, again[0].tokens) and len(calls) == 1
    encoder.encode(["once", "twice"], 2)
    encoder.encode(["once"])
    assert len(calls) == 3


def test_what_is_remembered_is_bounded(tiny, encoder, monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 4)
    small = TextEncoder(encoder.model, encoder.tokenizer)
    for number in range(9):
        small.encode([f"apple {number}", "x"])
    assert len(small._remembered) == 2
    small.encode([" BREAK ".join("abcdefgh")])
    assert len(small._remembered) == 1, "the newest stays, however long"
