"""Models that prompts name and that are not there: told before a job waits."""

from pathlib import Path
from typing import Any

import pytest

from tests.checkpoints import write_weights
from tests.jobs.test_checks import refused, taken
from webui.core.paths import Paths
from webui.jobs.prompting import missing_in_frames, named_models
from webui.library.catalog import Catalog

LORA = {"lora_unet_down_blocks_1_attentions_0_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    models = tmp_path / "models"
    for name in ("style/Watercolour", "style/Watermark", "Ink"):
        write_weights(models / "loras" / f"{name}.safetensors", LORA)
    write_weights(models / "embeddings" / "easynegative.safetensors", {"emb_params": (3, 768)})
    write_weights(models / "vae" / "soft.safetensors", {"decoder.conv_in.weight": (2, 2)})
    cut = write_weights(models / "loras" / "cut.safetensors", LORA)
    cut.write_bytes(cut.read_bytes()[:-1])
    return Catalog.of(Paths(tmp_path / "data", models, tmp_path))


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "a <lora:watercolour:0.7> <lyco:Ink> <lora:INK:te=1>"},
        {"prompt": "a # <lora:gone:1>"},
        {"prompt": "a", "negative_prompt": "<lora:gone:1>, embedding:easynegative"},
        {"prompt": "(embedding:1.2) <lora:__any__:1> <lora:{a|b}:1>"},
        {"prompt": "a", "vae": "soft"},
        {"prompt": "a", "vae": "None"},
        {"prompt": "a", "vae": "automatic"},
    ],
)
def test_what_is_there_is_taken(catalog: Catalog, values: dict[str, Any]) -> None:
    assert taken(values, catalog=catalog)


def test_the_nearest_names_are_told(catalog: Catalog) -> None:
    assert refused({"prompt": "a <lora:watercolor:1>"}, catalog=catalog) == {
        "prompt": "There is no LoRA “watercolor”: did you mean style/Watercolour, style/Watermark?"
    }
    assert refused({"prompt": "a <lora:qqq:1> <lora:qqq:0.5>"}, catalog=catalog) == {
        "prompt": "There is no LoRA “qqq”: put its file into models/loras, "
        "or take the tag out of the prompt."
    }


def test_each_part_has_its_field(catalog: Catalog) -> None:
    hires = {"prompt": "<lora:inc:1>"}
    words = {"prompt": "embedding:easynegativ", "negative_prompt": "embedding:zzz", "hires": hires}
    found = refused({**words, "vae": "sof"}, catalog=catalog)
    assert found == {
        "prompt": "There is no embedding “easynegativ”: did you mean easynegative?",
        "negative_prompt": "There is no embedding “zzz”: put its file into models/embeddings, "
        "or take the word out of the prompt.",
        "hires.prompt": "There is no LoRA “inc”: did you mean Ink?",
        "vae": "There is no VAE “sof”: did you mean soft?",
    }


def test_of_one_that_cannot_be_used_and_of_a_strange_strength_the_reason(catalog: Catalog) -> None:
    assert "cut.safetensors" in refused({"prompt": "<lora:cut:1>"}, catalog=catalog)["prompt"]
    strange = refused({"prompt": "<lora:ink:loud>"}, catalog=catalog)
    assert "<lora:ink:loud>" in strange["prompt"]


def test_nothing_is_missing_while_files_are_read(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = catalog.entries("lora").model_copy(update={"whole": False})
    monkeypatch.setattr(catalog, "entries", lambda *_, **__: page)
    assert taken({"prompt": "a <lora:gone:1>"}, catalog=catalog)


def test_a_long_name_is_cut(catalog: Catalog) -> None:
    found = refused({"prompt": f"<lora:{'x' * 9000}:1>"}, catalog=catalog)
    assert len(found["prompt"]) < 250


def test_what_prompts_name_is_told_in_the_order_of_the_words(catalog: Catalog) -> None:
    prompt = "<lora:gone:1> an EasyNegative day <lora:ink:0.5> <lora:ink:1> easynegatives"
    found = named_models(prompt, "(easynegative:1.2) # easynegative", catalog)
    told = [(one.field, one.kind, one.name, one.title, one.id is None) for one in found]
    assert told == [
        ("prompt", "lora", "gone", None, True),
        ("prompt", "lora", "ink", "Ink", False),
        ("prompt", "embedding", "easynegative", "easynegative", False),
        ("negative_prompt", "embedding", "easynegative", "easynegative", False),
    ]
    assert named_models("easynegatives", "# easynegative", catalog) == ()
    assert named_models("<lora::1>", "", catalog) == ()


def test_of_frames_each_missing_model_is_told_once(catalog: Catalog, monkeypatch) -> None:
    positive = [f"a {n}, embedding:easynegativ <lora:watercolor:{n / 1000}>" for n in range(500)]
    asked: list[str] = []
    find = catalog.find

    def counted(kind: str, name: str):
        asked.append(name)
        return find(kind, name)

    monkeypatch.setattr(catalog, "find", counted)
    found = missing_in_frames(positive, ["<lora:gone:1>"] * 500, "fine", catalog)
    assert sorted(asked) == ["easynegativ", "fine", "watercolor"]
    assert [(one.field, one.code) for one in found] == [
        ("settings.prompts", "missing_embedding_near"),
        ("settings.prompts", "missing_lora_near"),
        ("vae", "missing_vae"),
    ]
    assert missing_in_frames(["<lora:ink:1>"], ["a"], "None", catalog) == []
