"""Own components: what anybody typed stands in the data, never in what Gradio runs."""

from webui.ui.build import BUILD
from webui.ui.parts.own import TEMPLATE, own

TYPED = "${alert(1)} {{value}} <b>"


def test_what_is_typed_reaches_the_page_as_data_only():
    component = own("failure", problem={"message": TYPED})
    assert component.props["problem"] == {"message": TYPED}
    assert component.html_template == TEMPLATE
    assert TYPED not in str(component.js_on_load)
    assert f"/own/{BUILD}/failure.js" in str(component.js_on_load)


def test_the_template_has_nothing_to_fill_in():
    assert "${" not in TEMPLATE and "{{" not in TEMPLATE
