"""The form: what it keeps, what follows the model, and the way back."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, Server, View

SHIPPED = ROOT / "models" / "checkpoints" / "easel-demo"
OTHER = {"title": {"en": "Other"}, "width": 192, "height": 256, "steps": 9, "sampler": "Euler a"}


@pytest.fixture
def other(server: Server) -> Iterator[str]:
    """A second model, its card unlike the first; and one that is cut off."""
    folder = server.data / "models" / "checkpoints"
    shutil.copytree(SHIPPED, folder / "other")
    card = json.loads((SHIPPED / "easel.json").read_text(encoding="utf-8"))
    (folder / "other" / "easel.json").write_text(json.dumps({**card, **OTHER}), encoding="utf-8")
    whole = (SHIPPED / "vae" / "diffusion_pytorch_model.safetensors").read_bytes()
    (folder / "torn.safetensors").write_bytes(whole[: len(whole) // 2])
    server.change_settings(default_model="easel-demo")
    yield "other"
    server.change_settings(default_model=None)
    shutil.rmtree(folder)


def shown(view: View, *names: str) -> list[str]:
    return [view.field(name).input_value() for name in names]


def test_a_model_brings_its_settings_and_one_click_takes_them_back(view: View, other: str):
    view.page.reload()
    expect(view.field("model")).to_have_value("easel-demo")
    names = ("model", "width", "height", "steps", "sampler")
    before = dict(zip(names, shown(view, *names), strict=True))
    view.fill(cfg_scale=6)
    view.field("model").select_option(other)
    view.shows(model=other, width=192, height=256, steps=9, sampler="Euler a")
    expect(view.field("cfg_scale")).to_have_value("6")
    view.page.get_by_role("button", name="Undo").click()
    view.shows(**before)
    view.fill(steps=33)
    view.field("model").select_option(other)
    view.shows(width=192, steps=33)
    view.page.get_by_role("button", name="Use this model’s settings").click()
    view.shows(steps=9, cfg_scale=4)
    view.page.get_by_role("button", name="Undo").click()
    view.shows(steps=33, cfg_scale=6)


def test_a_model_that_cannot_be_used_is_shown_with_its_reason(view: View, other: str):
    view.page.reload()
    broken = view.page.locator('[data-field="model"] option', has_text="torn")
    expect(broken).to_be_disabled()
    view.page.get_by_text("1 model cannot be used").click()
    expect(view.page.locator(".broken li")).to_contain_text("torn")


def test_fields_keep_their_values_and_defaults_follow(view: View):
    view.fill(prompt="a fox\nin snow", seed="18446744073709551615", steps=31, width=192)
    view.field("sampler").select_option("Heun")
    view.page.locator("summary", has_text="More settings").first.click()
    view.field("image_format").select_option("webp")
    view.page.reload()
    expect(view.field("prompt")).to_have_value("a fox\nin snow")
    expect(view.field("height")).to_have_value("128")
    view.shows(seed=2**64 - 1, steps=31, width=192, sampler="Heun", image_format="webp")
    expect(view.field("image_format")).to_be_visible()


def test_an_example_fills_the_box_with_one_click(view: View):
    view.fill(prompt="my own words")
    view.page.get_by_role("button", name="More", exact=True).click()
    view.page.get_by_role("button", name="a birthday cake").click()
    expect(view.field("prompt")).to_have_value("a birthday cake")
    view.page.get_by_role("button", name="Undo").click()
    expect(view.field("prompt")).to_have_value("my own words")


def test_shapes_have_the_models_area_and_sides_swap(view: View):
    view.page.get_by_role("button", name="16:9").click()
    expect(view.field("width")).not_to_have_value("128")
    width, height = map(int, shown(view, "width", "height"))
    assert width % 8 == height % 8 == 0
    assert abs(width * height - 128 * 128) < 0.1 * 128 * 128
    assert abs(width / height - 16 / 9) < 0.15
    view.page.get_by_role("button", name="Swap width and height").click()
    view.shows(width=height, height=width)
    expect(view.page.get_by_role("button", name="9:16")).to_have_attribute("aria-pressed", "true")


def test_seeds_of_64_bits_go_there_and_back_whole(view: View):
    seed = str(2**64 - 1)
    view.fill(seed=seed, steps=1, width=64, height=64)
    view.generate()
    view.wait_for_pictures(1)
    expect(view.page.locator(".parameters")).to_contain_text(seed)
    view.page.get_by_role("button", name="New seed each time").first.click()
    expect(view.field("seed")).to_have_value("")
    view.page.get_by_role("button", name="Use the seed of the shown picture").click()
    expect(view.field("seed")).to_have_value(seed)


def test_sliders_and_numbers_are_one(view: View):
    view.page.get_by_role("slider", name="Steps").fill("44")
    expect(view.field("steps")).to_have_value("44")
    view.fill(steps=12)
    expect(view.page.get_by_role("slider", name="Steps")).to_have_value("12")


def test_the_fixture_leaves_nothing_behind(server: Server):
    assert not (Path(server.data) / "models" / "checkpoints").exists()
