"""Language models read a text as transformers does, as a message between their marks."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, Qwen3ForCausalLM, Qwen3Model

from tests.tiny_languages import LAYERS, WIDTH, qwen3, write_qwen_tokenizer
from webui.core.errors import UserError
from webui.models.language import (
    REMEMBERED,
    Chat,
    LanguageEncoder,
    language_names,
    plain,
    read_language_tokenizer,
    shortened,
)

CHAT = Chat("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", 40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_qwen_tokenizer(tmp_path_factory.mktemp("words") / "tokenizer")


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return qwen3().eval().requires_grad_(False)


def encoder(network, folder, **changes) -> LanguageEncoder:
    values = {name: getattr(CHAT, name) for name in CHAT.__dataclass_fields__}
    tokenizer = read_language_tokenizer(folder, "m")
    return LanguageEncoder(network, tokenizer, "text_encoder", Chat(**{**values, **changes}))


def by_transformers(network, folder, text, padding, length):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    message = [{"role": "user", "content": text}]
    whole = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
    given = tokenizer(
        whole, padding=padding, max_length=length, truncation=True, return_tensors="pt"
    )
    return network(**given, output_hidden_states=True).hidden_states


@pytest.mark.parametrize("text", ["a red apple", "", " żółć \n apple", "apple " * 40])
@pytest.mark.parametrize("whole", [True, False])
def test_it_reads_as_transformers_does(network, tmp_path, text, whole):
    folder = write_qwen_tokenizer(tmp_path / "tokenizer", whole=whole)
    wanted = by_transformers(network, folder, text, False, CHAT.length)
    made = encoder(network, folder).encode(text)
    assert torch.allclose(made, wanted[-1][0], atol=1e-6) and made.shape[1] == WIDTH


def test_layers_stand_side_by_side_and_short_texts_are_filled_up(network, folder):
    own = encoder(network, folder, layers=(1, 2), padding="<|endoftext|>", skip=3)
    wanted = by_transformers(network, folder, "a red", "max_length", CHAT.length)
    made = own.encode("a red")
    assert made.shape == (CHAT.length - 3, 2 * WIDTH) == (CHAT.length - 3, own.width)
    assert torch.allclose(made, torch.cat([wanted[1], wanted[2]], dim=-1)[0, 3:], atol=1e-6)


def test_brackets_are_taken_out(network, folder):
    own = encoder(network, folder)
    assert torch.equal(own.encode("a (red:1.5) [apple]"), own.encode("a red apple"))
    assert not torch.equal(own.encode("(red)", "None"), own.encode("red", "None"))
    assert plain(r"a \(b\) BREAK c") == "a (b) c"
    assert bool(own.encode("a \ud800").isfinite().all())
    with pytest.raises(UserError, match="1.2.3"):
        own.encode("(a:1.2.3)")


def test_what_was_read_is_remembered_until_the_weights_change(network, folder):
    own = encoder(network, folder)
    first = own.encode("a")
    assert own.encode("a") is first
    for number in range(REMEMBERED):
        own.encode("a" * (number + 2))
    again = own.encode("a")
    assert again is not first
    own.forget()
    assert own.encode("a") is not again


def test_names_of_larger_models_and_of_more_layers(network):
    whole = Qwen3ForCausalLM(network.config)
    tensors = {**whole.state_dict(), "model.visual.x": torch.zeros(1), "visual.y": torch.zeros(1)}
    tensors[f"model.layers.{LAYERS}.mlp.up_proj.weight"] = torch.zeros(1)
    assert language_names(tensors, network).keys() == network.state_dict().keys()
    inside = {f"model.language_model.{name}": one for name, one in network.state_dict().items()}
    assert language_names(inside, network).keys() == network.state_dict().keys()


def test_names_of_gguf(network):
    turned = {
        "embed_tokens": "token_embd",
        "layers": "blk",
        "self_attn.o_proj": "attn_output",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "mlp.": "ffn_",
        "self_attn.": "attn_",
        "_proj": "",
    }
    tensors = {"output.weight": torch.zeros(1)}
    for name, value in network.state_dict().items():
        new = "output_norm.weight" if name == "norm.weight" else name
        for old, other in turned.items():
            new = new.replace(old, other)
        tensors[new] = value
    found = language_names(tensors, network)
    assert found.keys() == network.state_dict().keys()
    assert all(torch.equal(found[name], one) for name, one in network.state_dict().items())


def test_layers_that_nothing_reads_are_left_out(network, folder):
    whole = encoder(network, folder, layers=(1, 2)).encode("a red apple")
    cut = shortened(Qwen3Model, deepcopy(network.config), 2)
    cut.load_state_dict(language_names(network.state_dict(), cut))
    assert len(cut.layers) == 2
    assert torch.equal(encoder(cut.eval(), folder, layers=(1, 2)).encode("a red apple"), whole)
    same = shortened(Qwen3Model, deepcopy(network.config), LAYERS)
    assert language_names(network.state_dict(), same).keys() == same.state_dict().keys()


def test_texts_may_be_filled_up_in_front(network, folder):
    own = encoder(network, folder, padding="<|endoftext|>", left=True)
    bare = encoder(network, folder).encode("a red")
    made = own.encode("a red")
    assert made.shape[0] == CHAT.length
    assert torch.allclose(made[-len(bare) :], bare, atol=1e-5)


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("tokenizer.json", "{}", "model_damaged"),
        ("merges.txt", "", "model_part_missing"),
        ("vocab.json", "{}", "model_part_missing"),
    ],
)
def test_a_tokenizer_that_is_none_is_named(tmp_path, file, content, code):
    (tmp_path / file).write_text(content)
    with pytest.raises(UserError) as raised:
        read_language_tokenizer(tmp_path, "my model")
    assert raised.value.problem.code == code
    assert "my model" in str(raised.value.problem.values["file"])
