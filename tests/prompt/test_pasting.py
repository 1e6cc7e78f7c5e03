"""From infotext to a form, against A1111's answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.core.requests import Txt2Img
from webui.prompt.infotext import Parameters, build_infotext, describe, parse_infotext
from webui.prompt.pasting import (
    first_pass,
    fitting,
    to_request_fields,
    version_key,
    with_defaults,
)


def cases(name: str, kind: str) -> list[dict[str, Any]]:
    return json.loads(golden(f"a1111/{name}.json").read_text(encoding="utf-8"))[kind]


def test_texts_are_read_and_completed_as_a1111_does() -> None:
    for case in cases("infotext", "parse"):
        options = case.get("options", {})
        values = with_defaults(
            parse_infotext(case["text"]),
            old_hires_sizes=options.get("use_old_hires_fix_width_height", False),
            compatible=options.get("auto_backcompat", True),
        )
        for key in case.get("skip_fields", []):
            del values[key]
        assert list(values.items()) == list(case["result"].items()), case["name"]
    assert len(cases("infotext", "parse")) == 90


def test_versions_are_in_a1111s_order() -> None:
    for case in cases("infotext", "version_order"):
        version = version_key(case["text"] or "")
        assert (version is None) == (case["parsed"] is None), case
        if version:
            assert (version < (1, 6, 0, 0)) == case["older_than_1.6.0"], case
            assert (version < (1, 7, 0, 225)) == case["older_than_1.7.0-225"], case
            assert (version < (1, 8, 0, 0)) == case["older_than_1.8.0"], case


def test_old_first_passes_have_a1111s_size() -> None:
    for case in cases("misc", "old_first_pass"):
        assert first_pass(case["width"], case["height"]) == tuple(case["result"])


OLD = (
    "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a Karras, CFG scale: 7, Seed: 5, "
    "Size: 512x768, Model hash: abcdef1234, Model: some, Variation seed: 42, "
    "Variation seed strength: 0.3, Seed resize from: 384x640, Clip skip: 2, ENSD: 31337, RNG: CPU"
)


def test_a_pictures_parameters_become_the_fields_of_a_request() -> None:
    assert to_request_fields(parse_infotext(OLD)) == {
        "prompt": "a cat",
        "negative_prompt": "dog",
        "steps": 20,
        "sampler": "Euler a",
        "schedule": "Karras",
        "cfg_scale": 7.0,
        "seed": 5,
        "width": 512,
        "height": 768,
        "model": "some",
        "variation_seed": 42,
        "variation_strength": 0.3,
        "seed_resize_width": 384,
        "seed_resize_height": 640,
        "clip_skip": 2,
        "eta_noise_seed_delta": 31337,
        "noise_source": "cpu",
        "hires": None,
        "refiner": None,
        "upscale": None,
    }


def test_what_is_left_out_is_set_back() -> None:
    fields = to_request_fields(parse_infotext("a\nSteps: 4, Sampler: DPM++ 2M Karras, Seed: 1"))
    assert fields["variation_strength"] == 0
    assert fields["seed_resize_width"] == 0
    assert (fields["clip_skip"], fields["noise_source"]) == (1, "nv")
    assert (fields["sampler"], fields["schedule"]) == ("DPM++ 2M", "Automatic")
    assert not fields.keys() & {"width", "cfg_scale", "model"}


def test_a_prompt_alone_changes_the_prompts_only() -> None:
    assert to_request_fields(parse_infotext("a cat")) == {
        "prompt": "a cat",
        "negative_prompt": "",
    }


def test_what_cannot_be_read_or_had_leaves_its_field_out() -> None:
    text = "a\nSteps: many, CFG scale: nan, Seed: 1, Sampler: HeunPP2, Size: 5x7"
    fields = to_request_fields(parse_infotext(text))
    assert not fields.keys() & {"steps", "cfg_scale", "sampler", "schedule"}
    assert (fields["seed"], fields["width"]) == (1, 5)


@pytest.mark.parametrize(
    ("known", "found"),
    [({"abcdef1234": "x", "some": "y"}, "x"), ({"some": "y"}, "y"), ({}, None)],
)
def test_the_model_is_looked_for_by_hash_then_by_name(
    known: dict[str, str], found: str | None
) -> None:
    assert to_request_fields(parse_infotext(OLD), known.get).get("model") == found


def test_a_request_comes_back_from_its_own_picture() -> None:
    request = Txt2Img(
        prompt="a (cat:1.2)", negative_prompt="dog", model="m", sampler="Euler a",
        schedule="Karras", steps=9, cfg_scale=4.5, width=256, height=192, seed=11,
        variation_seed=12, variation_strength=0.25, seed_resize_width=64, seed_resize_height=128,
        clip_skip=2, noise_source="nv", eta_noise_seed_delta=7,
    )  # fmt: skip
    parameters = describe(request, request.prompt, request.negative_prompt, 11, 12, "m")
    fields = to_request_fields(parse_infotext(build_infotext(parameters)))
    assert Txt2Img(**fitting(fields, "txt2img")) == request


def test_fields_are_those_of_a_kind() -> None:
    fields = {"prompt": "a", "hires": None, "strength": 0.5, "content": "fill", "upscale": None}
    assert fitting(fields, "txt2img") == {"prompt": "a", "hires": None}
    assert fitting(fields, "img2img") == {"prompt": "a", "strength": 0.5}
    assert fitting(fields, "inpaint") == {"prompt": "a", "strength": 0.5, "content": "fill"}
    assert fitting(fields, "upscale") == {}
    assert fitting({**fields, "upscale": {"by": 2.0, "x": 1}}, "upscale") == {"by": 2.0}


@given(
    st.text(), st.dictionaries(st.sampled_from(["Size-1", "Seed", "First pass size-1"]), st.text())
)
def test_any_values_are_completed(prompt: str, values: dict[str, str]) -> None:
    parameters = Parameters(prompt, "", {**values, "First pass size-2": "0"})
    assert to_request_fields(parameters)["prompt"] == prompt
