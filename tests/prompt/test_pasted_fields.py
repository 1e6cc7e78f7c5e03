"""A1111's parameters of second passes, refiners, pictures and masks as fields of a request."""

from typing import Any

import pytest

from webui.core.requests import (
    KINDS,
    Drawing,
    Hires,
    Inpaint,
    Refiner,
    TiledDiffusion,
    Txt2Img,
    Upscale,
)
from webui.prompt.infotext import STORAGES, build_infotext, describe, parse_infotext
from webui.prompt.pasting import fitting, to_request_fields

START = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model: m"
IMAGE = f"sha256:{'0' * 64}"


def fields(more: str, **known: str) -> dict[str, Any]:
    find = known.get if known else None
    return to_request_fields(parse_infotext(f"{START}, {more}"), find)


def test_a_second_pass_with_all_its_own() -> None:
    read = fields(
        "Denoising strength: 0.55, Hires resize: 1024x768, Hires steps: 12, "
        "Hires upscaler: Latent (nearest), Hires checkpoint: other [abcd1234], "
        "Hires sampler: DPM++ 2M, Hires schedule type: Beta, Hires CFG Scale: 5, "
        'Hires prompt: "cat, sharp", Hires negative prompt: blur'
    )
    assert read["hires"] == {
        "upscaler": "Latent (nearest)",
        "steps": 12,
        "strength": 0.55,
        "width": 1024,
        "height": 768,
        "cfg_scale": 5.0,
        "prompt": "cat, sharp",
        "negative_prompt": "blur",
        "sampler": "DPM++ 2M",
        "schedule": "Beta",
        "model": "other",
    }
    assert "strength" not in read
    assert Txt2Img(**fitting(read, "txt2img")).hires == Hires(**read["hires"])


def test_a_second_pass_that_is_as_the_first() -> None:
    read = fields("Denoising strength: 0.7, Hires upscale: 2.0, Hires upscaler: Latent")
    assert Txt2Img(**fitting(read, "txt2img")).hires == Hires(
        upscaler="Latent", steps=0, strength=0.7, scale=2.0, width=0, height=0
    )
    assert not read["hires"].keys() & {"sampler", "schedule", "model", "cfg_scale"}


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("Hires sampler: DPM++ 2M Karras", {"sampler": "DPM++ 2M", "schedule": "Automatic"}),
        ("Hires sampler: Euler Karras", {"sampler": "Euler", "schedule": "Karras"}),
        ("Hires sampler: Euler", {"sampler": "Euler"}),
        ("Hires sampler: Unknown", {}),
        ("Hires schedule type: Karras", {"schedule": "Karras"}),
        ("Hires schedule type: Unknown", {}),
    ],
)
def test_sampler_and_schedule_of_a_second_pass(written: str, own: dict[str, str]) -> None:
    hires = fields(f"Denoising strength: 0.7, Hires upscale: 2, {written}")["hires"]
    assert {key: hires[key] for key in ("sampler", "schedule") if key in hires} == own


def test_second_passes_of_old_versions() -> None:
    text = START.replace("512x512", "1024x768")
    old = to_request_fields(
        parse_infotext(f"{text}, Denoising strength: 0.7, First pass size: 0x0")
    )
    assert (old["width"], old["height"]) == (640, 448)
    assert (old["hires"]["width"], old["hires"]["height"]) == (1024, 768)


def test_a_picture_without_a_second_pass_turns_it_off() -> None:
    read = fields("Denoising strength: 0.4, Mask blur: 4, Version: v1.10.1")
    assert read["hires"] is None and read["refiner"] is None
    assert read["strength"] == 0.4


@pytest.mark.parametrize(
    ("written", "known", "model"),
    [
        ("r [1234]", {}, "r"),
        ("r [1234]", {"1234": "by-hash", "r": "by-name"}, "by-hash"),
        ("r [1234]", {"r": "by-name"}, "by-name"),
        ("r", {"r": "by-name"}, "by-name"),
        ("r [1234]", {"other": "x"}, None),
    ],
)
def test_a_refiner_is_looked_for_by_hash_then_by_name(
    written: str, known: dict[str, str], model: str | None
) -> None:
    refiner = fields(f"Refiner: {written}, Refiner switch at: 0.5", **known)["refiner"]
    assert refiner == (model and {"model": model, "switch_at": 0.5})
    assert refiner is None or Refiner(**refiner)


def test_a_picture_that_began_with_one() -> None:
    read = fields(
        "Image CFG scale: 1.5, Denoising strength: 0.6, Extra noise: 0.1, Noise multiplier: 1.1"
    )
    told = {name: read[name] for name in read if name not in fields("RNG: NV")}
    assert told == {
        "strength": 0.6,
        "image_cfg_scale": 1.5,
        "extra_noise": 0.1,
        "noise_multiplier": 1.1,
    }
    plain = fields("Denoising strength: 0.6")
    assert (plain["extra_noise"], plain["noise_multiplier"]) == (0.0, 1.0)


def test_a_mask() -> None:
    read = fields(
        "Denoising strength: 0.9, Conditional mask weight: 0.5, Mask blur: 8, "
        "Mask mode: Inpaint not masked, Masked content: latent nothing, "
        "Inpaint area: Only masked, Masked area padding: 16, Soft inpainting enabled: True, "
        "Soft inpainting schedule bias: 2, Soft inpainting mask influence: 0.25"
    )
    request = Inpaint(**fitting(read, "inpaint"), image=IMAGE)
    assert request.strength == 0.9
    assert (request.mask_blur, request.invert, request.mask_weight) == (8, True, 0.5)
    assert (request.content, request.area, request.padding) == ("latent_nothing", "masked", 16)
    assert request.soft and (request.soft.schedule_bias, request.soft.mask_influence) == (2, 0.25)
    assert request.soft.difference_contrast == 2.0


def test_what_a_mask_does_not_say_is_as_a1111_leaves_it_out() -> None:
    read = fields("Denoising strength: 0.9, Masked content: fill")
    told = {name: read[name] for name in ("mask_blur", "invert", "area", "padding", "soft")}
    assert told == {
        "mask_blur": 0,
        "invert": False,
        "area": "whole",
        "padding": 32,
        "soft": None,
    }


def test_without_a_mask_there_are_no_fields_of_one() -> None:
    assert not fields("Denoising strength: 0.9").keys() & {"mask_blur", "content", "soft"}


def test_nonsense_leaves_its_field_out() -> None:
    read = fields(
        "Denoising strength: much, Hires upscale: nan, Hires steps: 1.5, Mask blur: wide, "
        "Masked content: cake, Inpaint area: 7, Refiner: r, Refiner switch at: soon"
    )
    assert not read["hires"].keys() & {"strength", "scale", "steps"}
    assert not read.keys() & {"mask_blur", "content", "area"}
    assert read["refiner"] == {"model": "r"}


COMMON: dict[str, Any] = {
    "prompt": "a cat",
    "negative_prompt": "dog",
    "model": "m",
    "sampler": "Euler a",
    "schedule": "Karras",
    "steps": 9,
    "cfg_scale": 4.5,
    "width": 256,
    "height": 192,
    "seed": 11,
    "clip_skip": 2,
    "noise_source": "nv",
}
SOFT = {
    "schedule_bias": 1.5,
    "preservation_strength": 0.25,
    "transition_contrast_boost": 2.0,
    "mask_influence": 0.5,
    "difference_threshold": 0.75,
    "difference_contrast": 3.0,
}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("txt2img", {"hires": {"upscaler": "Lanczos", "steps": 4, "strength": 0.5, "scale": 1.5}}),
        (
            "txt2img",
            {
                "hires": {
                    "upscaler": "Latent (nearest-exact)",
                    "steps": 0,
                    "strength": 0.25,
                    "width": 512,
                    "height": 384,
                    "model": "other",
                    "sampler": "DPM++ 2M",
                    "schedule": "Beta",
                    "cfg_scale": 3.0,
                }
            },
        ),
        ("img2img", {"strength": 0.6}),
        ("img2img", {"strength": 0.0, "extra_noise": 0.1, "noise_multiplier": 1.1}),
        ("inpaint", {"strength": 1.0, "mask_blur": 8, "content": "latent_noise"}),
        ("inpaint", {"area": "masked", "padding": 16, "invert": True, "content": "fill"}),
        ("inpaint", {"mask_blur": 3, "soft": SOFT}),
        ("outpaint", {"strength": 0.9}),
    ],
)
def test_a_request_comes_back_from_its_own_picture(kind: str, values: dict[str, Any]) -> None:
    """All but the pictures, which a text cannot hold."""
    given = {} if kind == "txt2img" else {"image": IMAGE}
    request = KINDS[kind].model_validate({**COMMON, **given, **values})
    assert isinstance(request, Drawing)
    parameters = describe(request, "a cat", "dog", 11, 12, "m", "0123456789")
    fields = to_request_fields(parse_infotext(build_infotext(parameters)))
    again = KINDS[kind].model_validate({**given, **fitting(fields, kind), "model": "m"})
    known = ("variation_seed",)  # -1 draws one, and is drawn by now
    assert again.model_dump(exclude=set(known)) == request.model_dump(exclude=set(known))


def test_what_enlarged_the_picture_stands_for_itself() -> None:
    read = fields(
        "Postprocess upscale by: 1.5, Postprocess upscaler: Lanczos, "
        "Postprocess upscaler 2: Nearest, Postprocess upscaler 2 visibility: 0.25, "
        "Tiled diffusion strength: 0.3, Tiled diffusion prompt: an apple, "
        "Tiled diffusion steps: 7, Tiled diffusion sampler: Euler, Tiled diffusion seed: 3, "
        "Tiled diffusion schedule type: Karras, Tiled diffusion CFG scale: 4.0, "
        "Tiled diffusion tile: 256, Tiled diffusion overlap: 16, Tiled diffusion model: m, "
        "Tiled diffusion low bits: bnb-nf4"
    )
    assert (read["seed"], read["width"]) == (5, 512)
    request = Upscale(**fitting(read, "upscale"), image=IMAGE)
    assert request == Upscale(
        image=IMAGE, by=1.5, upscaler="Lanczos", upscaler_2="Nearest", mix=0.25,
        storage="4bit",
        diffusion=TiledDiffusion(
            strength=0.3, prompt="an apple", steps=7, sampler="Euler", schedule="Karras",
            cfg_scale=4.0, seed=3, tile=256, overlap=16, model="m",
        ),
    )  # fmt: skip
    sized = fields("Postprocess upscale to: 640x480, Postprocess upscaler: None")["upscale"]
    assert sized == {"width": 640, "height": 480, "upscaler": "None", "diffusion": None}
    assert fields("RNG: NV")["upscale"] is None


@pytest.mark.parametrize(
    ("written", "storage"),
    [
        *((name, storage) for storage, name in STORAGES.items()),
        ("bnb-nf4 (fp16 LoRA)", "4bit"),
        ("float8-e5m2", "fp8"),
        ("Automatic", None),
        ("3 bits", None),
    ],
)
def test_in_how_many_bits_a_model_was_kept(written: str, storage: str | None) -> None:
    text = f"a cat\nSteps: 20, Sampler: Euler, Seed: 1, Diffusion in Low Bits: {written}"
    assert to_request_fields(parse_infotext(text)).get("storage") == storage
