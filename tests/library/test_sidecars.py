import json

import pytest

from webui.library.sidecars import LONGEST_TEXT, Said, line, plain_text, read_object, said_beside


def beside(tmp_path, **files: object) -> Said:
    """What files say: `json={…}` for `a.json`, `civitai_info={…}` for `a.civitai.info`."""
    names = [f"a.{name.replace('__', '-').replace('_', '.')}" for name in files]
    for name, value in zip(names, files.values(), strict=True):
        text = value if isinstance(value, str) else json.dumps(value)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return said_beside(tmp_path, names)


VERSION = {
    "id": 22,
    "modelId": 11,
    "name": "v2",
    "baseModel": "SDXL 1.0",
    "description": "<p>New &amp; better</p>",
    "trainedWords": ["sks dog,", "bark"],
    "model": {
        "name": "Dog",
        "type": "LORA",
        "tags": ["animal"],
        "allowCommercialUse": ["Image", "Rent"],
        "allowNoCredit": True,
    },
}


def test_civitai_helper(tmp_path):
    assert beside(tmp_path, civitai_info=VERSION) == Said(
        title="Dog – v2",
        description="New & better",
        trigger_words=("sks dog", "bark"),
        tags=("animal",),
        licence="allowCommercialUse: Image Rent, allowNoCredit: True",
        base="SDXL 1.0",
        source="https://civitai.com/models/11?modelVersionId=22",
    )


def test_a1111(tmp_path):
    told = {
        "description": "A dog",
        "sd version": "SD1",
        "activation text": "sks dog, bark",
        "preferred weight": 0.8,
        "negative text": "cat",
        "notes": "mine",
    }
    assert beside(tmp_path, json=told) == Said(
        description="A dog",
        trigger_words=("sks dog, bark",),
        negative_words="cat",
        weight=0.8,
        notes="mine",
        base="SD1",
    )
    assert beside(tmp_path, json={**told, "preferred weight": 0}).weight is None


def test_sd_next(tmp_path):
    model = {
        "id": 11,
        "name": "Dog",
        "description": "<h1>Dog</h1>It <b>barks</b>.<br/>Loudly.",
        "tags": ["animal"],
        "modelVersions": [{"id": 22, "name": "v2", "trainedWords": ["sks"], "baseModel": "Pony"}],
    }
    said = beside(tmp_path, json=model)
    assert (said.title, said.trigger_words, said.base) == ("Dog – v2", ("sks",), "Pony")
    assert said.description == "Dog\nIt barks.\nLoudly."
    assert said.source == "https://civitai.com/models/11?modelVersionId=22"


def test_stability_matrix(tmp_path):
    told = {
        "ModelId": 11,
        "ModelName": "Dog",
        "VersionId": 22,
        "VersionName": "v2",
        "ModelDescription": "<p>Barks</p>",
        "BaseModel": "SD 1.5",
        "TrainedWords": ["sks"],
        "Tags": ["animal"],
        "UserTitle": None,
    }
    said = beside(tmp_path, cm__info_json=told)
    assert (said.title, said.description, said.base) == ("Dog – v2", "Barks", "SD 1.5")
    assert (said.trigger_words, said.tags) == (("sks",), ("animal",))
    assert beside(tmp_path, cm__info_json={**told, "UserTitle": "Rex"}).title == "Rex"


def test_lora_manager(tmp_path):
    told = {"model_name": "Dog", "base_model": "SDXL 1.0", "notes": "n", "civitai": VERSION}
    said = beside(tmp_path, metadata_json=told)
    assert (said.title, said.notes, said.trigger_words) == ("Dog", "n", ("sks dog", "bark"))


def test_ours_comes_first_and_texts_last(tmp_path):
    said = beside(
        tmp_path,
        easel_json={"notes": "ours", "title": {"en": "card"}},
        civitai_info=VERSION,
        json={"notes": "theirs", "activation text": "other", "preferred weight": 0.5},
        txt="words",
    )
    assert (said.notes, said.trigger_words, said.weight) == ("ours", ("sks dog", "bark"), 0.5)
    assert (said.description, said.title) == ("New & better", "Dog – v2")
    assert beside(tmp_path, txt="żółw\r\n").description == "żółw"


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "7", "[" * 100_000, '{"notes": 7, "preferred weight": "x"}'),
        '{"model": {"name": ["x"]}, "trainedWords": 5, "id": "x", "modelId": {}}',
        '{"modelVersions": [7], "tags": [[], {}, null]}',
        '{"preferred weight": NaN}',
        '{"notes": "\\u0000"}',
    ],
)
def test_nonsense_says_nothing(tmp_path, text):
    for name in ("json", "civitai_info", "cm__info_json", "metadata_json", "easel_json"):
        assert beside(tmp_path, **{name: text}) == Said()


def test_what_is_gone_or_too_long_says_nothing(tmp_path):
    assert said_beside(tmp_path, ["a.json", "a.txt"]) == Said()
    (tmp_path / "b.json").write_text(json.dumps({"notes": "x" * 9_000_000}))
    assert read_object(tmp_path / "b.json") is None


def test_texts_are_plain_and_bounded():
    assert plain_text("a <script>b</script> c") == "a b c"
    assert plain_text("1 < 2 & 3 > 2") == "1 < 2 & 3 > 2"
    assert plain_text("use <lora:x:1>, <a href='x'>here</a>") == "use <lora:x:1>, here"
    assert plain_text("&lt;b&gt;") == "<b>"
    assert plain_text("\ud800") == "?"
    assert len(plain_text("x" * 10**6) or "") == LONGEST_TEXT
    assert line(" a\n b ") == "a b" and line("  ") is None and line(3) is None
    assert len(line("x" * 10**6) or "") == 300
