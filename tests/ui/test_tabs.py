"""Each tab of ours holds one component, whose module exists and whose fields are the model's."""

import pytest

from webui.core.requests import Txt2Img
from webui.core.settings import Settings
from webui.ui.build import ASSETS
from webui.ui.gradio_import import gr
from webui.ui.tabs import TABS

FIELDS = {"txt2img": Txt2Img, "settings": Settings}


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
    named = {field["name"] for field in component.props["fields"]}
    assert named <= FIELDS[name].model_fields.keys()
    assert {"txt2img": {"prompt", "steps", "seed"}, "settings": {"language"}}[name] <= named


def test_no_two_tabs_have_one_name():
    assert len({tab.id for tab in TABS}) == len(TABS)
