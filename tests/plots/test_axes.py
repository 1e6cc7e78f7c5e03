"""Axes follow from requests and from extensions' options."""

from pathlib import Path

import pytest

from webui.core.errors import UserError
from webui.core.plugins import Extensions
from webui.core.requests import KINDS
from webui.plots.axes import Axis, Choice, axes_of, find_axis, kinds_with_axes

ROOT = Path(__file__).parents[2]
MENUS = {
    "model": (Choice("easel-demo"),),
    "upscaler": (Choice("Latent"), Choice("Lanczos")),
}


@pytest.fixture(scope="module")
def axes() -> list[Axis]:
    folders = [ROOT / "extensions", ROOT / "examples/extensions"]
    return axes_of("txt2img", MENUS, Extensions(folders, "server").panels())


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Steps", "steps"),
        ("CFG Scale", "cfg_scale"),
        ("cfg scale", "cfg_scale"),
        ("Sampler", "sampler"),
        ("Schedule type", "schedule"),
        ("Seed", "seed"),
        ("Var. seed", "variation_seed"),
        ("Var. strength", "variation_strength"),
        ("Prompt S/R", "prompt_replace"),
        ("Prompt order", "prompt_order"),
        ("Checkpoint name", "model"),
        ("VAE", "vae"),
        ("Clip skip", "clip_skip"),
        ("Denoising", "hires.strength"),
        ("Hires steps", "hires.steps"),
        ("Hires upscaler", "hires.upscaler"),
        ("Hires sampler", "hires.sampler"),
        ("Refiner checkpoint", "refiner.model"),
        ("Refiner switch at", "refiner.switch_at"),
        ("RNG source", "noise_source"),
        ("FP8 mode", "storage"),
        ("Size", "size"),
        ("Kroki", "steps"),
        ("extensions.controlnet.units.0.weight", "extensions.controlnet.units.0.weight"),
        ("[Shout] Exclamation marks", "extensions.example_panels.times"),
    ],
)
def test_names(axes: list[Axis], name: str, id: str) -> None:
    assert find_axis(axes, name, "x").id == id


def test_names_of_other_kinds() -> None:
    of_pictures = axes_of("inpaint", {})
    assert find_axis(of_pictures, "Denoising", "x").id == "strength"
    assert find_axis(of_pictures, "Cond. Image Mask Weight", "x").id == "mask_weight"
    with pytest.raises(UserError, match="no setting “Hires steps”"):
        find_axis(of_pictures, "Hires steps", "x")
    assert kinds_with_axes() == ["txt2img", "img2img", "inpaint", "outpaint"]


def test_every_plain_field_is_an_axis() -> None:
    for kind in kinds_with_axes():
        ids = {one.id for one in axes_of(kind, {})}
        left_out = set(KINDS[kind].model_fields) - {one.partition(".")[0] for one in ids}
        assert left_out == {
            *("kind", "extensions", "image_format", "file_name", "folder", "references"),
            *("prompts", "negative_prompts"),
            *({"image"} if kind != "txt2img" else set()),
            *({"mask", "intent"} if kind == "inpaint" else set()),
        }


def test_extensions_fields(axes: list[Axis]) -> None:
    found = {one.id: one for one in axes}
    weight = found["extensions.controlnet.units.0.weight"]
    assert (weight.kind, weight.low, weight.high) == ("number", 0, 2)
    assert weight.title["en"] == "[ControlNet] 1 Weight"
    mode = found["extensions.dynamic_thresholding.mimic_mode"]
    assert mode.title["pl"] == "[Dynamiczne progowanie] Kontrast w krokach"
    assert mode.choices[1].title["pl"] == "liniowo w dół"
    assert mode.called("Linear Down", "pl").endswith(": liniowo w dół")
    assert found["extensions.freeu.enabled"].kind == "toggle"
    assert found["extensions.example_panels.times"].kind == "integer"
    assert not any(one.endswith((".image", ".mask")) for one in found)
    fifth = find_axis(axes, "extensions.controlnet.units.4.weight", "x")
    assert (fifth.id, fifth.title["en"]) == (
        "extensions.controlnet.units.4.weight",
        "[ControlNet] 5 Weight",
    )


def test_menus_and_costs(axes: list[Axis]) -> None:
    found = {one.id: one for one in axes}
    assert [one.value for one in found["hires.upscaler"].choices] == ["Latent", "Lanczos"]
    assert [one.value for one in found["model"].choices] == ["easel-demo"]
    dear = sorted((one for one in axes if one.cost), key=lambda one: -one.cost)
    assert [one.id for one in dear if not one.id.startswith("extensions.")] == [
        *("model", "refiner.model", "hires.model", "storage", "vae")
    ]


def test_what_stands_beside_the_pictures(axes: list[Axis]) -> None:
    found = {one.id: one for one in axes}
    assert found["cfg_scale"].called(7.0, "en") == "CFG scale: 7"
    assert found["steps"].called(4, "pl") == "Kroki: 4"
    assert found["extensions.freeu.enabled"].called(False, "pl") == "[FreeU] Użyj FreeU: nie"
    assert found["prompt_replace"].called("a fox", "pl") == "a fox"
    assert found["prompt_order"].called(("b", "a"), "en") == "b, a"
    assert found["size"].called("64x128", "en") == "64x128"
