"""Which files of a repository are the model."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from webui.core.errors import UserError
from webui.library.found import Choice, Found
from webui.library.hub import choose_weights, diffusers_files, find_on_hub
from webui.library.sources import HubFile

HUB = "https://hub.example"
FP16, FULL, PICKLES = Choice(), Choice("full"), Choice(pickles=True)
BASE = "diffusion_pytorch_model"


def found(paths: Sequence[str], file: str | None = None, choice: Choice = FP16) -> Found:
    """What is found in a repository of these files."""
    siblings = [{"rfilename": path, "size": 5} for path in paths]

    def ask(url: str) -> Mapping[str, Any]:
        assert url == f"{HUB}/api/models/owner/name/revision/refs%2Fpr%2F1?blobs=true"
        return {"sha": "abc", "siblings": siblings}

    return find_on_hub(ask, HUB, HubFile("owner/name", file, "refs/pr/1"), choice)


def refused(*args: Any, **more: Any) -> Mapping[str, Any]:
    with pytest.raises(UserError) as caught:
        found(*args, **more)
    return {"code": caught.value.problem.code, **caught.value.problem.values}


def test_the_file_that_is_named():
    (item,) = found(["a.safetensors", "x y/b#.safetensors"], "x y/b#.safetensors").items
    assert item.wanted.url == f"{HUB}/owner/name/resolve/abc/x%20y/b%23.safetensors"
    assert item.wanted.size == 5
    for wrong in ("c.safetensors", "README.md"):
        assert refused(["a.safetensors", "README.md"], wrong)["code"] == "download_no_file"


@pytest.mark.parametrize(
    ("paths", "choice", "path"),
    [
        (["README.md", "a.safetensors"], FP16, "a.safetensors"),
        (["a.safetensors", "a.ckpt", "x/b.safetensors"], FP16, "a.safetensors"),
        (["x/b.safetensors", "y.txt"], FP16, "x/b.safetensors"),
        ([f"{BASE}.safetensors", f"{BASE}.fp16.safetensors"], FP16, f"{BASE}.fp16.safetensors"),
        ([f"{BASE}.safetensors", f"{BASE}.fp16.safetensors"], FULL, f"{BASE}.safetensors"),
        (["a.ckpt"], PICKLES, "a.ckpt"),
        (["a.gguf", "b.pt"], FP16, "a.gguf"),
    ],
)
def test_the_only_file(paths: list[str], choice: Choice, path: str):
    assert found(paths, choice=choice).items[0].path == path


def seeing(architecture: str, paths: Sequence[str], choice: Choice = FP16) -> Found:
    """What is found in a repository of transformers whose network is of this class."""
    told = {
        "models": {"sha": "abc", "siblings": [{"rfilename": path} for path in paths]},
        "config.json": {"architectures": [architecture]},
    }

    def ask(url: str) -> Mapping[str, Any]:
        return told[url.rpartition("/")[2]] if url.endswith("config.json") else told["models"]

    return find_on_hub(ask, HUB, HubFile("owner/name", None, "main"), choice)


def test_a_network_that_sees_comes_with_its_configs_as_a_folder():
    paths = ["README.md", "config.json", "preprocessor_config.json", "model.safetensors", "x/a.bin"]
    wanted = ["config.json", "preprocessor_config.json", "model.safetensors"]
    depth = seeing("DPTForDepthEstimation", [*paths, "pytorch_model.bin"])
    assert [item.path for item in depth.items] == wanted
    assert (depth.folder, depth.kind, depth.name) == (True, "depth", "name")
    assert seeing("SegformerForSemanticSegmentation", paths).kind == "annotator"
    for other in (
        seeing("CLIPModel", paths),
        seeing("DPTForDepthEstimation", paths[:2] + paths[3:]),
    ):
        assert not other.folder
        assert [item.path for item in other.items] == ["model.safetensors"]


def test_one_of_several_is_for_the_user_to_choose():
    told = refused([f"{letter}.safetensors" for letter in "ihgfedcba"])
    assert told["code"] == "download_which"
    assert told["files"] == ", ".join(f"{one}.safetensors" for one in "abcdefgh") + ", …"
    assert told["example"] == "owner/name/a.safetensors"
    assert refused(["README.md"])["code"] == "download_no_weights"
    assert refused(["../../x.safetensors", "/etc/y.safetensors"])["code"] == "download_no_weights"


def test_names_that_say_nothing_become_that_of_the_repository():
    assert found([f"{BASE}.safetensors"]).name == "name"
    assert found(["pytorch_lora_weights.safetensors"]).name == "name"
    assert found(["nice.safetensors"]).name == "nice.safetensors"


@pytest.mark.parametrize(
    ("names", "choice", "chosen"),
    [
        (["model.safetensors", "pytorch_model.bin"], FP16, ["model.safetensors"]),
        (["model.safetensors", "model.fp16.safetensors"], FP16, ["model.fp16.safetensors"]),
        (["model.safetensors", "model.fp16.safetensors"], FULL, ["model.safetensors"]),
        ([f"{BASE}.non_ema.safetensors", f"{BASE}.safetensors"], FP16, [f"{BASE}.safetensors"]),
        (["model.fp16.bin", "model.safetensors"], FP16, ["model.safetensors"]),
        (["model.bin"], PICKLES, ["model.bin"]),
        (["flax_model.msgpack", "openvino_model.bin", "config.json"], FP16, []),
        (
            [f"{BASE}-0000{n}-of-00002.safetensors" for n in (2, 1)],
            FP16,
            [f"{BASE}-0000{n}-of-00002.safetensors" for n in (1, 2)],
        ),
        (
            [f"{BASE}-00001-of-00002.safetensors", f"{BASE}.safetensors"],
            FP16,
            [f"{BASE}.safetensors"],
        ),
    ],
)
def test_weights_of_a_part(names: list[str], choice: Choice, chosen: list[str]):
    assert choose_weights(names, choice) == chosen


def test_pickles_only_are_said():
    with pytest.raises(UserError, match="could run code"):
        choose_weights(["pytorch_model.bin"], FP16)


def test_pieces_come_with_their_index():
    pieces = [f"model{middle}-00001-of-00001.safetensors" for middle in ("", ".fp16")]
    indexes = ["model.safetensors.index.json", "model.safetensors.index.fp16.json"]
    paths = [f"text_encoder/{name}" for name in (*pieces, *indexes, "config.json", "x.onnx")]
    index = {"_name": 1, "text_encoder": ["transformers", "X"], "../x": ["a", "b"], "n": [None] * 2}
    assert diffusers_files(index, paths, FULL) == (
        "model_index.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors.index.json",
        "text_encoder/model-00001-of-00001.safetensors",
    )
    fp16 = diffusers_files(index, paths, FP16)
    assert fp16[2:] == (f"text_encoder/{indexes[1]}", f"text_encoder/{pieces[1]}")


@pytest.mark.parametrize("told", [{}, {"siblings": 5}, {"siblings": [{"rfilename": 5}, 3]}])
def test_answers_that_make_no_sense(told: Mapping[str, Any]):
    with pytest.raises(UserError, match="no file of a model"):
        find_on_hub(lambda url: told, HUB, HubFile("owner/name"), FP16)
