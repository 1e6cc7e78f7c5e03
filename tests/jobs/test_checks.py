"""Anything a client may send: a complete request, or problems; never an exception, never a hang."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from webui.core.offers import Offers
from webui.core.paths import CLONE, Paths
from webui.core.plugins import Extensions
from webui.core.requests import AnyRequest, Txt2Img
from webui.core.sampling import SAMPLERS, SamplerInfo
from webui.core.settings import Settings
from webui.jobs.checks import Refused, accept
from webui.jobs.given import Pictures
from webui.library.catalog import Catalog
from webui.library.store import Store

NOWHERE = Paths(Path("no data"), Path("no models"), Path("no outputs"))
CATALOG = Catalog.of(NOWHERE)
NO_EXTENSIONS = Extensions([], "server")
NO_PICTURES = Pictures(Store(NOWHERE.pictures), str.encode)


def taken(values: object, **more: Any) -> AnyRequest:
    parts: dict[str, Any] = {
        "offers": Offers(),
        "catalog": CATALOG,
        "settings": Settings(),
        "extensions": NO_EXTENSIONS,
        "pictures": NO_PICTURES,
    }
    return accept(values, **{**parts, **more})


def refused(values: object, **more: Any) -> dict[str | None, str]:
    """Field -> sentence."""
    with pytest.raises(Refused) as caught:
        taken(values, **more)
    assert caught.value.problems[0] == caught.value.problem
    return {one.field: one.message for one in caught.value.problems}


def test_what_is_left_open_is_filled_in_from_the_models_card_and_the_settings() -> None:
    told = Settings(noise_source="cpu", image_format="webp")
    request = taken({"prompt": "x"}, settings=told)
    card = CATALOG.get(None).card
    assert request.model_dump(exclude={"seed", "variation_seed"}) == Txt2Img(
        prompt="x",
        model="easel-demo",
        sampler=card.sampler,
        schedule=card.schedule,
        steps=card.steps,
        cfg_scale=card.cfg_scale,
        width=card.width,
        height=card.height,
        clip_skip=card.clip_skip,
        noise_source="cpu",
        image_format="webp",
    ).model_dump(exclude={"seed", "variation_seed"})
    assert (request.width, request.cfg_scale) == (128, 4)


def test_what_is_given_stays() -> None:
    given = {
        "prompt": "x",
        "steps": 3,
        "width": 256,
        "seed": 0,
        "variation_seed": 7,
        "cfg_scale": 1.5,
        "sampler": "Euler",
        "schedule": "Karras",
        "noise_source": "cpu",
    }
    request = taken(given)
    assert given.items() <= request.model_dump().items()
    assert taken(request.model_dump()) == request


def test_seeds_are_drawn() -> None:
    requests = [taken({"prompt": "x", "seed": "-1"}) for _ in range(50)]
    seeds = [seed for one in requests for seed in (one.seed, one.variation_seed)]
    assert len(set(seeds)) > 95
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_names_are_taken_in_any_case_and_by_alias() -> None:
    request = taken({"prompt": "x", "sampler": "euler A", "schedule": "sgm_uniform"})
    assert (request.sampler, request.schedule) == ("Euler a", "SGM Uniform")
    assert taken({"prompt": "x", "sampler": "k_dpmpp_2m"}).sampler == "DPM++ 2M"
    assert taken({"prompt": "x", "model": "Easel Demo"}).model == "easel-demo"
    added = Offers(samplers=(*SAMPLERS, SamplerInfo(name="Mine")))
    assert taken({"prompt": "x", "sampler": "Mine"}, offers=added).sampler == "Mine"


def test_what_does_not_exist_is_named_with_what_is_near() -> None:
    assert refused(
        {"prompt": "", "sampler": "Eulr", "schedule": "Karas", "model": "easl-demo", "width": 513}
    ) == {
        "sampler": "There is no sampler Eulr: did you mean Euler?",
        "schedule": "There is no schedule Karas: did you mean Karras?",
        "model": "There is no model easl-demo: did you mean easel-demo?",
        "prompt": "The prompt is empty: say what the picture shows.",
        "width": "Width must be a multiple of 8: try 512 or 520.",
    }
    far = refused({"prompt": "x", "sampler": "q" * 10**6, "model": "\ud800"})
    assert far["sampler"].startswith("There is no sampler qqq")
    assert len(far["sampler"]) < 120
    assert far["model"].startswith("There is no model")


def test_a_model_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    (checkpoints / "cut off").mkdir()
    catalog = Catalog.of(Paths(tmp_path, tmp_path / "models", tmp_path))
    found = refused({"prompt": "x", "model": "cut"}, catalog=catalog)
    assert set(found) == {"model"}
    assert "cut.safetensors" in found["model"]
    assert taken({"prompt": "x"}, catalog=catalog).model == "easel-demo"


def test_no_model_at_all_is_one_sentence(tmp_path: Path) -> None:
    catalog = Catalog([tmp_path], tmp_path / "none", tmp_path / "models.sqlite")
    found = refused({"prompt": "x"}, catalog=catalog)
    assert found["model"].startswith("There is no model that can be used")


def test_a_card_that_does_not_fit_is_no_crash(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "checkpoints" / "mine"
    shutil.copytree(CLONE / "models" / "checkpoints" / "easel-demo", folder)
    (folder / "easel.json").write_text('{"width": 513, "sampler": "Eulr"}', encoding="utf-8")
    catalog = Catalog.of(Paths(tmp_path, tmp_path / "models", tmp_path))
    values = {"prompt": "x", "model": "mine"}
    assert "multiple of 8" in refused(values, catalog=catalog)["width"]
    found = refused({**values, "width": 512}, catalog=catalog)
    assert found == {"sampler": "There is no sampler Eulr: did you mean Euler?"}


def test_texts_for_each_picture_are_for_all_or_none() -> None:
    values: dict[str, Any] = {"prompt": "x", "batch_count": 2, "prompts": ["a"]}
    assert "1 entries for 2 pictures" in refused(values)["prompts"]
    assert taken({**values, "prompts": ["a", "b"]}).prompts == ("a", "b")


@pytest.mark.parametrize("values", [None, 5, "x", [], [{"prompt": "x"}], True, 1.5])
def test_no_object_no_request(values: object) -> None:
    assert "an object of fields and values" in refused(values)[None]


def test_values_for_extensions(tmp_path: Path) -> None:
    code = """
from typing import Any
from pydantic import BaseModel, Field
from webui.ext import Panel, hookimpl

class Options(BaseModel, extra="forbid"):
    times: int = Field(default=0, le=5)
    anything: Any = None

@hookimpl
def register_panels():
    return [Panel(title={"en": "Shout"}, options=Options)]
"""
    folder = tmp_path / "shout"
    folder.mkdir()
    (folder / "server.py").write_text(code, encoding="utf-8")
    manifest = 'name = "shout"\nversion = "1"\napi = 1\nserver = "server"\n'
    (folder / "extension.toml").write_text(manifest, encoding="utf-8")
    shout = Extensions([tmp_path], "server")

    def asked(values: object) -> dict[str, Any]:
        return {"prompt": "x", "extensions": values}

    good = {"shout": {"times": 2}}
    assert taken(asked(good), extensions=shout).extensions == good
    assert list(refused(asked({"shout": {"times": 9}}), extensions=shout)) == [
        "extensions.shout.times"
    ]
    assert list(refused(asked({"none": {}}), extensions=shout)) == ["extensions.none"]
    for strange in (float("nan"), "\ud800", 10**5000, deep(100_000), b"x", {5: 6}.keys()):
        for name in ("times", "anything"):
            found = refused(asked({"shout": {name: strange}}), extensions=shout)
            assert len(str(found)) < 500
    found = refused(asked({"shout": {"y" * 10**6: 1}, "z" * 10**6: {}}), extensions=shout)
    assert len(str(found)) < 2000


def deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=20)
    | some.sampled_from(["", "513", "1e9", "NaN", "Euler", "easel-demo", "\ud800", "x" * 30_000])
)
JSON = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = some.sampled_from([*Txt2Img.model_fields, "Prompt", "__class__", "self", ""])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON | some.dictionaries(FIELDS, JSON, max_size=6))
def test_json_of_any_kind_gives_a_request_or_problems(values: Any) -> None:
    if isinstance(values, Mapping):
        values = {"prompt": "x", **values}
    try:
        request = taken(values)
    except Refused as error:
        assert error.problems
        for one in error.problems:
            assert 0 < len(one.message) < 600
            one.model_dump_json().encode()
    else:
        again = Txt2Img.model_validate_json(request.model_dump_json())
        assert again == request
        open_still = {name for name, value in request if value is None}
        assert open_still <= {
            *("file_name", "folder", "refiner", "hires", "vae", "shift", "storage")
        }
