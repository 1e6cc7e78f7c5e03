import pytest
import torch

from tests.models.adapters.makers import kohya, networks_of, same, weights_of, write
from tests.tiny import write_tiny
from webui.models.adapters.patches import Joined
from webui.models.adapters.reading import read_adapter
from webui.models.embeddings import LearnedWords
from webui.models.families import FAMILIES


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl", "sdxl-refiner"])
def model(request, tmp_path_factory):
    tiny = write_tiny(tmp_path_factory.mktemp(request.param), family=request.param)
    return FAMILIES[request.param].load(tiny.folder_info, torch.device("cpu"), lambda *done: None)


def test_texts_are_read_anew_when_a_text_encoder_changes(model, tmp_path):
    networks = networks_of(model)
    before, plain = weights_of(model), model.encode_texts(["a cat"])[0].tokens
    adapter = read_adapter(write(tmp_path / "a.safetensors", kohya(networks)), "a")
    model.adapt([Joined(adapter, 0.0, 1.0)])
    assert torch.equal(model.encode_texts(["a cat"])[0].tokens, plain)
    model.adapt([Joined(adapter, 1.0, 1.0)])
    changed = model.encode_texts(["a cat"])[0].tokens
    widths = [one.model.config.hidden_size for one in model.encoders]
    for mine, its in zip(changed.split(widths, -1), plain.split(widths, -1), strict=True):
        assert not torch.allclose(mine, its)
    model.adapt([])
    assert torch.equal(model.encode_texts(["a cat"])[0].tokens, plain)
    assert same(weights_of(model), before)


def test_a_name_means_the_vectors_that_were_learned(model):
    """Learned as the vectors of three words, it must read as these words do."""
    ids = [encoder._tokenize("red apple tree") for encoder in model.encoders]
    vectors = tuple(
        encoder._embedding.weight[its].clone()
        for encoder, its in zip(model.encoders, ids, strict=True)
    )
    assert len(ids[0]) == 3
    plain = model.encode_texts(["a zzword on a table"])[0].tokens
    words = LearnedWords("ZZword", vectors)
    assert model.reads(words)
    assert not model.reads(LearnedWords("x", vectors + vectors))
    assert not model.reads(LearnedWords("x", tuple(one[:, :5] for one in vectors)))
    model.learn([words])
    for text in ("a {} on a table", "a ({}:1.3) on [a:b:0.5] table", "{} BREAK {}"):
        named = model.encode_texts([text.format("zzWord", "zzword")])[0].tokens
        written = model.encode_texts([text.format("red apple tree", "red apple tree")])[0].tokens
        assert torch.allclose(named, written, atol=1e-5)
    assert model.names_in(["zzword, other"], ["ZZword", "oth", "none"]) == {"ZZword"}
    model.learn([])
    assert torch.equal(model.encode_texts(["a zzword on a table"])[0].tokens, plain)
    assert not model.encoders[0]._embedding._forward_hooks
