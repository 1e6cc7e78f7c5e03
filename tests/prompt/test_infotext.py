"""Infotext against A1111's, and there and back."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden import golden
from webui.core.requests import Drawing, Img2Img, Inpaint, Txt2Img
from webui.core.sampling import sampler_and_schedule
from webui.prompt.infotext import (
    STORAGES,
    VERSION,
    Parameters,
    Value,
    build_infotext,
    describe,
    in_order,
    low_bits,
    parse_infotext,
    quote,
    unquote,
    with_sizes,
)
from webui.prompt.pasting import fitting, to_request_fields


def cases(kind: str) -> list[dict[str, Any]]:
    return json.loads(golden("a1111/infotext.json").read_text(encoding="utf-8"))[kind]


def test_quotes_are_a1111s() -> None:
    for case in cases("quote"):
        assert quote(case["value"]) == case["result"], case
    for case in cases("unquote"):
        assert unquote(case["text"]) == case["result"], case


def test_half_a_character_stays_quoted() -> None:
    assert unquote(r'"\ud83e"') == r'"\ud83e"'


def described(parameters: dict[str, Any], settings: dict[str, Any]) -> Parameters:
    """What A1111's constructor arguments mean to us; what we do not have yet comes as extra."""
    given = dict(parameters)
    context = given.pop("context", {})
    index = context.get("iteration", 0) * given.get("batch_size", 1)
    index += context.get("position_in_batch", 0)
    varied = given.get("subseed_strength", 0) > 0
    sampler, schedule = sampler_and_schedule(given["sampler_name"], given.get("scheduler"), False)
    request = Txt2Img(
        prompt="of the request",
        sampler=sampler,
        schedule=schedule,
        steps=given["steps"],
        width=given["width"],
        height=given["height"],
        variation_strength=given.get("subseed_strength", 0),
        seed_resize_width=max(0, given.get("seed_resize_from_w", 0)),
        seed_resize_height=max(0, given.get("seed_resize_from_h", 0)),
        clip_skip=settings.get("CLIP_stop_at_last_layers"),
        noise_source=settings.get("randn_source", "").lower() or None,
        eta_noise_seed_delta=settings.get("eta_noise_seed_delta", 0),
    )
    return describe(
        request,
        given["prompt"],
        given.get("negative_prompt", ""),
        given["seed"] + (0 if varied else index),
        given["subseed"] + index,
        "model-name",
        "0123456789",
        extra={"CFG scale": given["cfg_scale"], "Version": "v1.10.1"},
    )


def extras(case: dict[str, Any]) -> dict[str, Value]:
    """Keys of a golden case that stand for what later issues bring."""
    given, settings = case["parameters"], case["parameters"].get("opts", {})
    attributes = given.get("attrs", {})
    hires = given.get("enable_hr", False)
    resized = f"{given.get('hr_resize_x', 0)}x{given.get('hr_resize_y', 0)}"
    found: dict[str, Value] = {
        "Schedule type": given["scheduler"],
        "Face restoration": "CodeFormer" if given.get("restore_faces") else None,
        "Image CFG scale": given.get("image_cfg_scale"),
        "Tiling": given.get("tiling"),
        "VAE hash": attributes.get("sd_vae_hash"),
        "VAE": attributes.get("sd_vae_name"),
        "Init image hash": attributes.get("init_img_hash"),
        "Conditional mask weight": 1.0
        if attributes.get("is_using_inpainting_conditioning")
        else None,
        "Token merging ratio": settings.get("token_merging_ratio"),
        "User": attributes.get("user"),
        "Denoising strength": given.get("denoising_strength") if hires else None,
        "Token merging ratio hr": settings.get("token_merging_ratio_hr") if hires else None,
        "Hires sampler": given.get("hr_sampler_name"),
        "Hires prompt": given.get("hr_prompt"),
        "Hires upscale": given.get("hr_scale", 2.0) if hires and resized == "0x0" else None,
        "Hires resize": None if resized == "0x0" else resized,
        "Hires steps": given.get("hr_second_pass_steps"),
        "Hires upscaler": given.get("hr_upscaler"),
    }
    found |= attributes.get("extra_generation_params", {})
    for key, value in given.get("extra_generation_params", {}).items():
        found[key] = value[0] if isinstance(value, list) else value
    if "sd_model_name" in attributes:
        found["Model"] = attributes["sd_model_name"]
    if settings.get("add_model_name_to_info") is False:
        found |= {"Model": None, "Model hash": None, "Version": None}
    if given.get("eta") == 0.0:
        found["ENSD"] = None
    return found


def test_texts_are_built_as_a1111_builds_them() -> None:
    for case in cases("build"):
        given = case["parameters"]
        built = with_extra(described(given, given.get("opts", {})), extras(case))
        assert build_infotext(built) == case["result"], case
    assert len(cases("build")) == 38


def with_extra(basic: Parameters, extra: dict[str, Value]) -> Parameters:
    """The basic parameters with extra ones in their places."""
    values = in_order({**basic.values, **extra})
    return Parameters(basic.prompt, basic.negative_prompt, values)


OURS = {
    *("prompt", "negative_prompt", "steps", "cfg_scale", "width", "height", "seed", "subseed"),
    *("sampler_name", "scheduler", "subseed_strength", "seed_resize_from_w", "seed_resize_from_h"),
}


def test_whole_runs_of_a1111_say_the_same() -> None:
    runs = json.loads(golden("a1111/pipeline.json").read_text(encoding="utf-8"))
    compared = 0
    for case in runs["cases"]:
        ours = case["kind"] == "txt2img" and case["parameters"].keys() <= OURS
        if ours and case["settings"].keys() <= {"eta_noise_seed_delta", "randn_source"}:
            settings = {**runs["settings_in_every_case"], **case["settings"]}
            text = build_infotext(described(case["parameters"], settings))
            # The schedule "Beta" adds two keys of its own, which the engine hands in as extra.
            theirs = case["infotexts"][0].replace(
                ", Beta schedule alpha: 0.6, Beta schedule beta: 0.6", ""
            )
            assert text == theirs, case
            compared += 1
    assert compared > 50


def test_a_request_is_described_with_our_version() -> None:
    request = Txt2Img(
        prompt="x", sampler="DPM++ 2M", schedule="Automatic", steps=4, cfg_scale=7.5,
        width=256, height=192, clip_skip=2, noise_source="nv", eta_noise_seed_delta=5,
    )  # fmt: skip
    parameters = describe(request, "a, b", "c", 8, 9, "some, model", extra={"Foo": 1})
    assert build_infotext(parameters) == (
        "a, b\nNegative prompt: c\nSteps: 4, Sampler: DPM++ 2M, Schedule type: Karras, "
        'CFG scale: 7.5, Seed: 8, Size: 256x192, Model: "some, model", Clip skip: 2, RNG: NV, '
        f"Foo: 1, Version: {VERSION}"
    )
    assert VERSION.startswith("easel v")


COMPLETE = {
    "prompt": "a cat", "sampler": "Euler a", "schedule": "Karras", "steps": 20, "cfg_scale": 7.0,
    "width": 512, "height": 768, "clip_skip": 1, "noise_source": "cpu", "seed": 3,
    "variation_seed": 4,
}  # fmt: skip
REF = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (
            Img2Img,
            {"image": REF, "strength": 0.4, "noise_multiplier": 1.1, "extra_noise": 0.05},
            "Denoising strength: 0.4, RNG: CPU, Noise multiplier: 1.1, Extra noise: 0.05",
        ),
        (
            Inpaint,
            {"image": REF, "strength": 1.0, "invert": True, "area": "masked", "padding": 9,
             "mask_blur": 6, "content": "latent_noise", "soft": {"schedule_bias": 2.0}},
            "Denoising strength: 1.0, RNG: CPU, Soft inpainting enabled: True, "
            "Soft inpainting schedule bias: 2.0, Soft inpainting preservation strength: 0.5, "
            "Soft inpainting transition contrast boost: 4.0, Soft inpainting mask influence: 0.0, "
            "Soft inpainting difference threshold: 0.5, Soft inpainting difference contrast: 2.0, "
            "Mask mode: Inpaint not masked, Mask blur: 6, Inpaint area: Only masked, "
            "Masked area padding: 9, Masked content: latent noise",
        ),
        (
            Txt2Img,
            {"hires": {"upscaler": "Latent (nearest)", "steps": 9, "strength": 0.55, "width": 640,
                       "sampler": "DPM++ 2M", "schedule": "Exponential", "cfg_scale": 4.0}},
            "Denoising strength: 0.55, RNG: CPU, Hires sampler: DPM++ 2M, "
            "Hires schedule type: Exponential, Hires CFG Scale: 4.0, Hires resize: 640x0, "
            "Hires steps: 9, Hires upscaler: Latent (nearest)",
        ),
    ],
)  # fmt: skip
def test_edits_say_all_and_are_read_back(
    kind: type[Drawing], fields: dict[str, Any], said: str
) -> None:
    request = kind.model_validate({**COMPLETE, **fields})
    text = build_infotext(describe(request, "a cat", "", 3, 4, "m"))
    assert f"{said}, Version: {VERSION}" in text
    read = fitting(to_request_fields(parse_infotext(text)), kind.model_fields["kind"].default)
    again = kind.model_validate({"image": REF, **read} if kind is not Txt2Img else read)
    assert again.with_(variation_seed=4) == request.with_(model="m")


KEYS = st.text(string.ascii_letters, min_size=2, max_size=12)
TEXTS = st.text().map(str.strip).filter(lambda text: "\r" not in text)
LINES = st.text(alphabet="ab, (1.3):", max_size=30).map(str.strip)


@given(
    prompt=LINES,
    negative=LINES,
    values=st.dictionaries(KEYS, TEXTS.filter(bool), min_size=3),
)
def test_what_is_built_is_read_back(prompt: str, negative: str, values: dict[str, str]) -> None:
    values = {
        key: value
        for key, value in values.items()
        if value != key and not value.startswith('"') and not is_size(value)
    }
    if len(values) < 3:
        return
    built = Parameters(prompt, negative, values)
    assert parse_infotext(build_infotext(built)) == built


def is_size(value: str) -> bool:
    width, by, height = value.partition("x")
    return bool(by) and width.isdecimal() and height.isdecimal()


@given(st.text() | st.text(alphabet='ab:,x1"\\ \n'))
def test_any_text_is_read(text: str) -> None:
    parameters = parse_infotext(text)
    assert len(parameters.prompt) <= len(text)


@pytest.mark.parametrize("piece", ["a", " ", "a ", '"', 'ab: "', "\\", "ab:", "a:", "/"])
def test_long_texts_are_read_quickly(piece: str) -> None:
    parse_infotext("x\n" + piece * 100_000)
    parse_infotext("x\n" + "aa: 1, bb: 2, cc: 3, " + piece * 100_000)


def test_sizes_go_back_to_how_they_stand_in_the_text():
    values = {"Steps": "4", "Size-1": "30", "Size-2": "20", "A-1": "x", "B-2": "y"}
    assert with_sizes(values) == {"Steps": "4", "Size": "30x20", "A-1": "x", "B-2": "y"}


def test_few_bits_are_told_in_forges_words():
    told = [low_bits(one).get("Diffusion in Low Bits") for one in (None, "native", *STORAGES)]
    assert told == [None, None, "float8-e4m3fn", "Q8_0", "bnb-nf4"]
