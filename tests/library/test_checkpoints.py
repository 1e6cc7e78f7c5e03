import hashlib
from pathlib import Path

from tests.checkpoints import write_file
from webui.core.errors import UserError
from webui.core.offers import ModelCard, ModelInfo
from webui.library.checkpoints import listed, named, named_by_old_hash
from webui.library.layouts import Shelf
from webui.library.places import Place
from webui.library.telling import Model, Told

PROBLEM = UserError("model_damaged", file="x").problem


def info(id: str, **more) -> ModelInfo:
    return ModelInfo(id=id, path=f"/m/{id}.safetensors", format="safetensors", **more)


def test_names_from_the_most_exact_to_the_hash():
    titled = info("b", card=ModelCard(title={"en": "A dream", "pl": "Sen"}))
    models = [info("sub/a", hash="0123456789"), titled, info("a dream.v1")]
    for name, id in {
        "SUB\\A": "sub/a",
        "a": "sub/a",
        "a.safetensors [ffff]": "sub/a",
        "sen": "b",
        "A dream": "b",
        "a dream.v1": "a dream.v1",
        "0123456789": "sub/a",
        "gone [0123456789]": None,
        "": None,
    }.items():
        found = named(models, name)
        assert (found and found.id) == id, name


def test_the_one_that_can_be_used():
    found = named([info("x/a", problem=PROBLEM), info("y/a")], "a")
    assert found and found.id == "y/a"


def test_hashes_of_old_pictures(tmp_path):
    path = write_file(tmp_path / "a.safetensors")
    with path.open("ab") as file:
        file.truncate(0x100000)
        file.seek(0x100000)
        file.write(b"x" * 0x20000)
    digest = hashlib.sha256(b"x" * 0x10000).hexdigest()[:8]
    models = [
        info("gone"),
        info("folder").model_copy(update={"path": str(tmp_path), "format": "diffusers"}),
        info("a").model_copy(update={"path": str(path)}),
    ]
    for name, id in {digest: "a", f" {digest.upper()} ": "a", "00000000": None, "a": None}.items():
        found = named_by_old_hash(models, name)
        assert (found and found.id) == id, name


def test_what_lies_among_checkpoints_is_listed_with_the_reason(tmp_path):
    def place(name: str, kind: str | None) -> Place:
        path = Path("/m") / name
        return Place(Shelf(Path("/m"), kind), path, path.suffix[1:], (path,), ((1, 1),))

    usable = Told(kind="checkpoint", model=Model(family="sd1"))
    models = listed(
        [
            (place("a.safetensors", "checkpoint"), usable),
            (place("b.safetensors", "checkpoint"), Told(kind="lora")),
            (place("c.safetensors", "lora"), usable),
            (place("d.safetensors", "lora"), Told(kind="lora")),
            (place("e.vae.safetensors", "checkpoint"), Told(kind="vae")),
            (place("f.gguf", "lora"), usable),
        ],
        Path("/m/c.safetensors"),
    )
    told = [(one.id, one.problem and one.problem.code, one.shipped) for _, one in models]
    assert told == [
        ("a", None, False),
        ("b", "model_other_kind", False),
        ("c", None, True),
        ("f", None, False),
    ]
