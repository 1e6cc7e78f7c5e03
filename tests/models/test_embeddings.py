from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from webui.core.errors import UserError
from webui.library.catalog import Catalog
from webui.models import embeddings as module
from webui.models.embeddings import Embeddings, read_embedding


def vectors(count: int = 2, width: int = 4, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("ending", ["safetensors", "pt", "bin"])
@pytest.mark.parametrize("form", ["emb_params", "<my-word>", "pair", "one", "string_to_param"])
def test_forms_of_files(tmp_path, ending, form):
    expected: tuple[torch.Tensor, ...] = (vectors(),)
    held: dict = {form: vectors()}
    if form == "pair":
        expected = (vectors(), vectors(2, 6))
        held = {"clip_g": expected[1], "clip_l": expected[0]}
    elif form == "one":
        held, expected = {"<w>": vectors(1)[0]}, (vectors(1),)
    elif form == "string_to_param":
        if ending == "safetensors":
            pytest.skip("such files are torch's own")
        held = {
            "string_to_token": {"*": 265},
            "string_to_param": {"*": torch.nn.Parameter(vectors())},
            "name": "mine", "step": 3000, "sd_checkpoint": None, "sd_checkpoint_name": None,
        }  # fmt: skip
    path = tmp_path / f"mine.{ending}"
    save_file(held, path) if ending == "safetensors" else torch.save(held, path)
    read = read_embedding(path, "mine")
    assert read.name == "mine" and len(read.vectors) == len(expected)
    for one, other in zip(read.vectors, expected, strict=True):
        assert torch.equal(one, other) and not one.requires_grad


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"a": vectors(), "b": vectors()}, "no embedding"),
        ({}, "no embedding"),
        ({"a": torch.ones(2, 2, 2)}, "no embedding"),
        ({"clip_l": vectors(2), "clip_g": vectors(3)}, "no embedding"),
        ({"a": torch.full((1, 4), torch.nan)}, "not numbers"),
        ({"a": torch.ones(76, 4)}, "has 76 vectors, and at most 75"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, held, sentence):
    save_file(held, tmp_path / "bad.safetensors")
    with pytest.raises(UserError, match=sentence) as error:
        read_embedding(tmp_path / "bad.safetensors", "bad")
    assert "bad.safetensors" in str(error.value)


def test_damaged_files(tmp_path):
    for name in ("a.safetensors", "a.pt"):
        (tmp_path / name).write_bytes(b"\x80nothing of the kind")
        with pytest.raises(UserError, match=name):
            read_embedding(tmp_path / name, "a")


class Model:
    """Reads embeddings of one width; its tokens are words."""

    def __init__(self, width: int = 4) -> None:
        self.width = width
        self.learned: list[str] = []

    def reads(self, words):
        return [one.shape[1] for one in words.vectors] == [self.width]

    def learn(self, words):
        self.learned = [one.name for one in words]

    def names_in(self, texts, names):
        tokens = {word.strip("(),:1.4") for text in texts for word in text.lower().split()}
        return frozenset(name for name in names if name.lower() in tokens)


@pytest.fixture
def folder(tmp_path):
    for name, width in (("Easy", 4), ("cat", 4), ("sub/deep", 4), ("wide", 6), ("x(y)", 4)):
        path = tmp_path / "embeddings" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"emb_params": vectors(2, width)}, path)
    return tmp_path


@pytest.fixture
def embeddings(folder):
    return Embeddings(Catalog([folder], folder / "none", folder / "index.sqlite"))


def test_a_model_learns_what_the_texts_name(embeddings):
    model = Model()
    embeddings.learn(model, ["a category, EASY (deep:1.4) wide", r"x\(y\)"])
    assert model.learned == ["Easy", "deep"]
    embeddings.learn(model, ["nothing"])
    assert model.learned == []


def test_only_what_is_named_is_read_and_only_once(embeddings, folder, monkeypatch):
    read, real = [], module.read_embedding
    monkeypatch.setattr(module, "read_embedding", lambda *both: read.append(both[1]) or real(*both))
    (folder / "embeddings" / "broken.pt").write_bytes(b"")
    for _ in range(3):
        embeddings.learn(Model(), ["category easy brokenness"])
    assert read == ["Easy"]
    save_file({"emb_params": vectors(3)}, folder / "embeddings" / "Easy.safetensors")
    embeddings.learn(Model(), ["easy"])
    assert read == ["Easy", "Easy"]
    monkeypatch.setattr(module, "KEPT", 1)
    embeddings.learn(Model(), ["easy cat"])
    embeddings.learn(Model(), ["easy"])
    assert read[2:] == ["cat", "Easy"]


def test_hashes_are_written_as_a1111_writes_them(embeddings, folder):
    import hashlib

    data = Path(folder / "embeddings" / "Easy.safetensors").read_bytes()
    short = hashlib.sha256(data).hexdigest()[:12]
    assert embeddings.values(Model(), ["easy", "wide"]) == {"TI hashes": f"Easy: {short}"}
    assert embeddings.values(Model(), ["uneasy"]) == {}


def test_a_broken_one_is_told_when_it_is_named(embeddings, folder):
    (folder / "embeddings" / "broken.safetensors").write_bytes(b"\xff" * 50)
    with pytest.raises(UserError, match="broken.safetensors") as error:
        embeddings.learn(Model(), ["a broken thing"])
    assert error.value.problem.field == "prompt"
