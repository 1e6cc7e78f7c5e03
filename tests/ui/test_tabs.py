"""Each tab of ours holds one component, whose module exists and whose fields are the model's."""

import pytest

from webui.core.intents import INTENTS
from webui.core.requests import Img2Img, Inpaint, Txt2Img, Upscale
from webui.core.settings import Settings
from webui.ui.build import ASSETS
from webui.ui.gradio_import import gr
from webui.ui.tabs import TABS

FIELDS = {
    "txt2img": Txt2Img,
    "img2img": Img2Img,
    "inpaint": Inpaint,
    "upscale": Upscale,
    "settings": Settings,
}
SOME = {
    "txt2img": {"prompt", "steps", "seed", "hires", "refiner"},
    "img2img": {"strength", "scale", "loopback"},
    "inpaint": {"mask_blur", "soft"},
    "upscale": {"by", "diffusion"},
    "settings": {"language"},
}


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.id)
def test_a_tab_is_one_component_with_a_module(tab):
    with gr.Blocks(analytics_enabled=False) as page:
        tab.build()
    (component,) = [block for block in page.blocks.values() if isinstance(block, gr.HTML)]
    assert component.elem_id == tab.id
    assert (ASSETS / f"{tab.id}.js").is_file()


@pytest.mark.parametrize("name", FIELDS)
def test_a_form_knows_every_field_that_can_be_set(name):
    tab = next(tab for tab in TABS if tab.id == name)
    with gr.Blocks(analytics_enabled=False) as page:
        tab.build()
    (component,) = [block for block in page.blocks.values() if isinstance(block, gr.HTML)]
    named = {field["name"].partition(".")[0] for field in component.props["fields"]}
    assert SOME[name] <= named <= FIELDS[name].model_fields.keys()


def test_the_inpaint_tab_knows_the_intents_and_the_sides_of_outpainting():
    with gr.Blocks(analytics_enabled=False) as page:
        next(tab for tab in TABS if tab.id == "inpaint").build()
    (component,) = [block for block in page.blocks.values() if isinstance(block, gr.HTML)]
    assert component.props["intents"] == INTENTS
    assert [one["name"] for one in component.props["sides"]] == ["left", "right", "up", "down"]


def test_no_two_tabs_have_one_name():
    assert len({tab.id for tab in TABS}) == len(TABS)
