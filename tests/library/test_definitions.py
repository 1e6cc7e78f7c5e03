import tomllib
from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.core.offers import ModelCard, ModelInfo
from webui.library.definitions import (
    LONGEST_FILE,
    DefinedLora,
    Definition,
    Source,
    missing_base,
    missing_loras,
    parse_definition,
    read_definition,
    replace_definition,
    resolved,
    save_new,
    written,
)
from webui.library.presets import Preset

WHOLE = Definition(
    name='Żółw "quick" \\ model',
    base="sd_xl_base_1.0",
    family="sdxl",
    download=Source(source="sdxl", sha256="A" * 64),
    loras=(DefinedLora(name="speed/sdxl_lightning_4step_lora", weight=0.9),),
    defaults=Preset(steps=4, cfg_scale=1.0, sampler="Euler", negative_prompt=""),
    trigger_words=("one", "two, three"),
    licence="MIT",
    notes="First line\nsecond “line” \U0001f422 \x7f",
    source="https://example.com",
)
LIGHTNING = "ByteDance/SDXL-Lightning/sdxl_lightning_4step_lora.safetensors"
SHORT = 'name = "A"\nbase = "b"\n'


def info(id: str, **more: object) -> ModelInfo:
    return ModelInfo.model_validate({"id": id, "path": f"/m/{id}", "format": "diffusers", **more})


def test_what_is_written_is_read_again(tmp_path: Path):
    path = save_new(tmp_path, WHOLE)
    assert path.name.endswith(".easel.toml")
    assert read_definition(path) == WHOLE.model_copy(
        update={"download": Source(source="sdxl", sha256="a" * 64)}
    )


def test_only_what_is_said_is_written():
    plain = Definition(name="A", base="b")
    assert tomllib.loads(written(plain).decode()) == {"name": "A", "base": "b"}


def test_names_that_are_taken_get_a_number(tmp_path: Path):
    one = Definition(name="A", base="b")
    assert [save_new(tmp_path, one).name for _ in range(3)] == [
        "A.easel.toml",
        "A-2.easel.toml",
        "A-3.easel.toml",
    ]
    path = tmp_path / "A-2.easel.toml"
    replace_definition(path, Definition(name="Other", base="b"))
    assert read_definition(path).name == "Other" and len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "alue"),
        ('name = "A"', "base"),
        (SHORT + "steps = 5", "steps"),
        (SHORT + "[defaults]\nsteps = 5000", "defaults.steps"),
        (SHORT + '[[loras]]\nname = "a<b"', "loras.0.name"),
        (SHORT + '[download]\nsource = "x"\nsha256 = "12"', "sha256"),
        ('name = " "\nbase = "b"', "name"),
        ('name = "a"\nname = "b"', "overwrite"),
        ("x = " + "[" * 5000, ""),
        ("\x00", ""),
    ],
)
def test_a_broken_one_is_said_in_a_sentence(text: str, reason: str):
    with pytest.raises(UserError) as caught:
        parse_definition(text.encode(), "a.easel.toml")
    problem = caught.value.problem
    assert problem.code == "definition_broken" and "a.easel.toml" in problem.message
    assert reason in str(problem.values["reason"]) and len(problem.message) < 400


def test_no_text_at_all(tmp_path: Path):
    file = tmp_path / "a.easel.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="defines no model"):
        read_definition(file)
    file.write_bytes(b"#" * (LONGEST_FILE + 1))
    with pytest.raises(UserError, match="defines no model"):
        read_definition(file)
    with pytest.raises(UserError, match="gone"):
        read_definition(tmp_path / "gone.easel.toml")


def test_a_model_of_its_own_over_its_base():
    base = info(
        "base", family="sdxl", hash="0123456789", shipped=True, card=ModelCard(steps=30, width=1024)
    )
    made = resolved(WHOLE, info("quick"), base, ())
    assert (made.id, made.path, made.family) == ("quick", "/m/base", "sdxl")
    assert (made.definition, made.shipped, made.problem) == ("/m/quick", False, None)
    assert made.loras == (("speed/sdxl_lightning_4step_lora", 0.9),)
    assert (made.card.steps, made.card.width, made.card.title["en"]) == (4, 1024, WHOLE.name)
    assert made.card.loading == base.card.loading, "it is loaded as its base is"


def test_without_its_base_it_says_what_is_missing():
    made = resolved(WHOLE, info("quick"), None, ())
    assert made.problem and made.problem.code == "definition_missing"
    assert made.problem.values["missing"] == "sd_xl_base_1.0" and made.family == "sdxl"
    wanted = missing_base(WHOLE)
    assert wanted.source == "stabilityai/stable-diffusion-xl-base-1.0/sd_xl_base_1.0.safetensors"
    assert (wanted.kind, wanted.sha256) == ("checkpoint", "a" * 64)


def test_a_broken_base_is_the_reason_that_is_given():
    broken = UserError("model_pickle", file="x").problem
    made = resolved(WHOLE, info("quick"), info("base", problem=broken), ())
    assert made.problem == broken


def test_loras_that_are_not_there():
    missing = missing_loras(WHOLE, lambda name: False)
    assert [(one.kind, one.name, one.source) for one in missing] == [
        ("lora", "speed/sdxl_lightning_4step_lora", LIGHTNING)
    ]
    assert missing[0].file_name == "sdxl_lightning_4step_lora"
    made = resolved(WHOLE, info("quick"), info("base"), missing)
    assert made.problem and "sdxl_lightning_4step_lora" in made.problem.message
    assert missing_loras(WHOLE, lambda name: True) == ()
