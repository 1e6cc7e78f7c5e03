"""Which file of a version, and what is kept of its words."""

from collections.abc import Mapping
from typing import Any

import pytest

from webui.core.errors import UserError
from webui.library.civitai import find_at_civitai
from webui.library.found import Choice, Found
from webui.library.sources import CivitaiModel

SITE = "https://civitai.example"


def file(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "Model", "downloadUrl": f"{SITE}/api/download/{name}", **more}


def found(version: Mapping[str, Any], choice: Choice = Choice(), **model: Any) -> Found:  # noqa: B008
    answers = {
        f"{SITE}/api/v1/model-versions/34": {"id": 34, "modelId": 12, **version},
        f"{SITE}/api/v1/models/12": {"name": "M", **model},
    }
    return find_at_civitai(answers.__getitem__, SITE, CivitaiModel(12, 34), choice)


@pytest.mark.parametrize(
    ("files", "choice", "name"),
    [
        ([file("a.safetensors"), file("b.safetensors", primary=True)], Choice(), "b.safetensors"),
        ([file("a.ckpt", primary=True), file("b.safetensors")], Choice(), "b.safetensors"),
        ([file("a.ckpt")], Choice(pickles=True), "a.ckpt"),
        ([file("v.safetensors", type="VAE"), file("m.safetensors")], Choice(), "m.safetensors"),
        ([file("v.safetensors", type="VAE")], Choice(), "v.safetensors"),
        (
            [
                file("a.safetensors", primary=True, metadata={"fp": "fp16"}),
                file("b.safetensors", metadata={"fp": "fp32"}),
            ],
            Choice("full"),
            "b.safetensors",
        ),
    ],
)
def test_the_file(files: list[Any], choice: Choice, name: str):
    (item,) = found({"files": files}, choice).items
    assert item.wanted.url == f"{SITE}/api/download/{name}"


def test_what_cannot_be_had():
    cases = {
        "download_pickle": {"files": [file("a.ckpt")]},
        "download_no_weights": {"files": [], "name": "v"},
    }
    for code, version in cases.items():
        with pytest.raises(UserError) as caught:
            found(version)
        assert caught.value.problem.code == code
    with pytest.raises(UserError, match="no file"):
        find_at_civitai(lambda url: {}, SITE, CivitaiModel(12), Choice())


def test_the_newest_version_is_meant_where_none_is_named():
    model = {"modelVersions": [{"id": i, "files": [file(f"{i}.safetensors")]} for i in (2, 1)]}
    one = find_at_civitai(lambda url: model, SITE, CivitaiModel(12), Choice())
    assert one.items[0].path == "2.safetensors"
    assert one.card == {"source": f"{SITE}/models/12?modelVersionId=2"}


def test_words_are_kept_also_where_the_model_cannot_be_asked():
    version = {"id": 34, "modelId": 12, "files": [file("a.safetensors")], "trainedWords": ["x"]}
    kept = found(version, allowNoCredit=False, tags=["t"], creator={"image": "u"}).civitai
    assert kept and kept["trainedWords"] == ["x"]
    assert kept["model"] == {"name": "M", "allowNoCredit": False, "tags": ["t"]}

    def ask(url: str) -> Mapping[str, Any]:
        if "model-versions" in url:
            return version
        raise UserError("download_missing", host="x")

    assert find_at_civitai(ask, SITE, CivitaiModel(version=34), Choice()).name == "a.safetensors"


def test_a_picture_for_everybody_comes_first():
    images = [
        {"url": "film", "type": "video", "nsfwLevel": 1},
        {"url": "wild", "type": "image", "nsfwLevel": 16},
        {"url": "tame", "type": "image", "nsfwLevel": 1},
    ]
    files = [file("a.safetensors")]
    assert found({"files": files, "images": images}).preview == "tame"
    assert found({"files": files, "images": images[:2]}).preview == "wild"
    assert found({"files": files, "images": images[:1]}).preview is None
    assert found({"files": files, "images": [3, {}]}).preview is None
