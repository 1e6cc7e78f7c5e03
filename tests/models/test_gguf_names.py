"""Text encoders that llama.cpp's converters wrote read as transformers' own do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from transformers import MistralModel, Qwen3Model, T5EncoderModel

from tests.llama_cpp import F32, Q8_0, decoded, in_pairs, sight_apart, write_llama
from tests.tiny_flows import long_encoder
from tests.tiny_languages import LAYERS, mistral, qwen3, qwen_vl
from webui.models.components import folder_names
from webui.models.gguf_names import language_tensors
from webui.models.language import language_names
from webui.models.loading import Part, fill, read_parts, without_weights
from webui.models.sight import seeing, seeing_names
from webui.models.stored import StoredLinear

IDS = torch.tensor([[5, 9, 2, 7, 1, 3, 8]])
KINDS = pytest.mark.parametrize("kind", [F32, Q8_0], ids=["F32", "Q8_0"])


def filled(make: Any, names: Any, *files: Path) -> Any:
    """A network of what files hold, in the way that models are read."""
    with without_weights():
        network = make()
    parts = {
        str(place): Part(path, path.name, "", torch.float32, stays=True)
        for place, path in enumerate(files)
    }
    tensors: dict[str, Any] = {}
    for _, read in read_parts(parts, torch.device("cpu"), lambda done, total: None):
        tensors |= read
    fill(network, names(tensors, network), "m")
    return network


def rounded(network: Any, kind: Any) -> Any:
    """With what a kind leaves of its numbers."""
    state = {name: decoded(value, kind) for name, value in network.state_dict().items()}
    network.load_state_dict(state)
    return network.eval()


def same(one: Any, other: Any, kind: Any) -> None:
    with torch.no_grad():
        wanted, made = (model(input_ids=IDS).last_hidden_state for model in (one, other))
    assert float((made - wanted).abs().max()) < 1e-5
    stored = [module for module in other.modules() if isinstance(module, StoredLinear)]
    assert bool(stored) == (kind == Q8_0)


@pytest.fixture(autouse=True)
def same_numbers():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@KINDS
def test_t5(tmp_path, kind):
    own = long_encoder()
    state = own.state_dict()
    del state["encoder.embed_tokens.weight"]  # its converter leaves out the second name
    arch = gguf.MODEL_ARCH.T5ENCODER
    file = write_llama(tmp_path / "t5xxl.gguf", arch, state, 2, kind)
    same(rounded(own, kind), filled(lambda: T5EncoderModel(own.config), folder_names, file), kind)


@KINDS
def test_qwen3(tmp_path, kind):
    own = qwen3()
    state = {f"model.{name}": value for name, value in own.state_dict().items()}
    file = write_llama(tmp_path / "q.gguf", gguf.MODEL_ARCH.QWEN3, state, LAYERS, kind)
    same(rounded(own, kind), filled(lambda: Qwen3Model(own.config), language_names, file), kind)


@KINDS
@pytest.mark.parametrize("arch", [gguf.MODEL_ARCH.LLAMA, gguf.MODEL_ARCH.MISTRAL3])
def test_mistral_whose_rows_llama_cpp_turns(tmp_path, kind, arch):
    own = mistral(LAYERS).model.language_model
    heads = {"q": own.config.num_attention_heads, "k": own.config.num_key_value_heads}
    state = {f"model.{name}": value for name, value in own.state_dict().items()}
    for name in state:
        for one, count in heads.items():
            if f".{one}_proj." in name:
                state[name] = in_pairs(state[name], count)
    state["rope_freqs.weight"] = torch.ones(4)
    file = write_llama(tmp_path / "m.gguf", arch, state, LAYERS, kind)
    same(rounded(own, kind), filled(lambda: MistralModel(own.config), language_names, file), kind)


@KINDS
def test_qwen_that_sees_lies_in_two_files(tmp_path, kind):
    own = qwen_vl().eval()
    state = own.model.state_dict()
    reads = {
        name.replace("language_model.", "model."): value
        for name, value in state.items()
        if not name.startswith("visual.")
    }
    sees = {name: value for name, value in state.items() if name.startswith("visual.")}
    files = [
        write_llama(tmp_path / "q.gguf", gguf.MODEL_ARCH.QWEN2VL, reads, LAYERS, kind),
        write_llama(tmp_path / "s.gguf", gguf.MODEL_ARCH.MMPROJ, sight_apart(sees), 3),
    ]
    made = filled(lambda: seeing(own.config.to_dict()), seeing_names, *files)
    for name, value in own.model.state_dict().items():
        if name.startswith("visual."):
            assert torch.equal(made.state_dict()[name], value), name
    same(rounded(own.model, kind), made, kind)


def test_what_is_not_all_there_keeps_its_name():
    tensors = {"v.blk.0.attn_q.weight": torch.zeros(2, 2), "v.patch_embd.weight": torch.zeros(1)}
    found = language_tensors(tensors)
    assert set(found) == {"visual.blocks.0.attn.q.weight", "v.patch_embd.weight"}
