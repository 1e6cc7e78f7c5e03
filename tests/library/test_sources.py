import pytest

from webui.core.errors import UserError
from webui.library.sources import Address, CivitaiModel, HubFile, Source, read_source, safe_path

HUB, CIVITAI = "https://huggingface.co", "https://civitai.com"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("owner/name", HubFile("owner/name")),
        (" owner/na-me.v1@fp16 ", HubFile("owner/na-me.v1", revision="fp16")),
        ("owner/name@refs/pr/1", HubFile("owner/name", revision="refs/pr/1")),
        ("owner/name/a.safetensors", HubFile("owner/name", "a.safetensors")),
        ("owner/name/unet/a b.bin@main", HubFile("owner/name", "unet/a b.bin")),
        (f"{HUB}/owner/name", HubFile("owner/name")),
        (f"{HUB}/owner/name/", HubFile("owner/name")),
        (f"{HUB}/owner/name/tree/v2", None),
        (f"{HUB}/owner/name/tree/v2/unet", HubFile("owner/name", None, "v2")),
        (f"{HUB}/owner/name/blob/main/x.safetensors", HubFile("owner/name", "x.safetensors")),
        (f"{HUB}/owner/name/resolve/v2/a/b%20c.bin?download=true",
         HubFile("owner/name", "a/b c.bin", "v2")),
        ("https://mirror.example/owner/name", Address("https://mirror.example/owner/name")),
        ("civitai:12", CivitaiModel(12)),
        ("CivitAI:12@34", CivitaiModel(12, 34)),
        ("urn:air:sdxl:checkpoint:civitai:12@34", CivitaiModel(12, 34)),
        (f"{CIVITAI}/models/12/some-name", CivitaiModel(12)),
        (f"{CIVITAI}/models/12?modelVersionId=34", CivitaiModel(12, 34)),
        (f"{CIVITAI}/models/12?modelVersionId=x", CivitaiModel(12)),
        (f"{CIVITAI}/api/download/models/34?type=Model", CivitaiModel(version=34)),
        ("https://example.com/a/b.safetensors?x=1#y",
         Address("https://example.com/a/b.safetensors?x=1#y")),
    ],
)  # fmt: skip
def test_what_people_write(text: str, source: Source | None):
    assert read_source(text, HUB, CIVITAI) == (source or HubFile("owner/name", None, "v2"))


def test_a_mirror_of_the_hub_is_the_hub():
    mirror = "https://mirror.example"
    found = read_source(f"{mirror}/owner/name", mirror, CIVITAI)
    assert found == HubFile("owner/name")
    assert read_source(f"{HUB}/owner/name", mirror, CIVITAI) == found


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "/etc/passwd", "a/../b", "../a", "a/b/../../c", "a/b\\c:d", "a/..@x", "a/b@",
        "ftp://example.com/x", "file:///etc/passwd", "https://", "https://[", "http://a:99999/",
        "https://exa mple.com/", "civitai:x", "civitai:1@", "www.example.com/x", "a/b@../c",
        f"{HUB}/owner/name/blob/main/..%2f..%2fx", "ą/b", "a" * 200 + "/b",
    ],
)  # fmt: skip
def test_what_is_no_model(text: str):
    with pytest.raises(UserError) as caught:
        read_source(text, HUB, CIVITAI)
    assert caught.value.problem.code == "download_unknown"


@pytest.mark.parametrize(
    "text",
    [
        f"{CIVITAI}/api/download/models/34?token=SECRET",
        "https://example.com/x?API_KEY=SECRET",
        "https://me:SECRET@example.com/x",
    ],
)
def test_secrets_are_turned_away_and_not_said_back(text: str):
    with pytest.raises(UserError) as caught:
        read_source(text, HUB, CIVITAI)
    assert caught.value.problem.code == "download_secret"
    assert "SECRET" not in caught.value.problem.model_dump_json()


@pytest.mark.parametrize("path", ["a", "a/b.c", "a b/c", "ą/日本"])
def test_safe_paths(path: str):
    assert safe_path(path)


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "..", "a/../b", ".", "a\\b", "c:/x", "a\0", "...", "a/ /b"]
)
def test_unsafe_paths(path: str):
    assert not safe_path(path)
