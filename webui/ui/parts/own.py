"""Components of our own: a static template and an ES module that fills it.

Gradio runs a template as JavaScript, so nothing that a user, a file or an extension says may
stand in one. Texts reach the page as data, and the module puts them there as text.
"""

from __future__ import annotations

from typing import Any

from webui.ui.build import BUILD
from webui.ui.gradio_import import gr

TEMPLATE = "<div></div>"


def own(module: str, **props: Any) -> gr.HTML:
    """A component whose content `assets/<module>.js` draws: `mount({element, props})`."""
    url = f"/own/{BUILD}/{module}.js"
    return gr.HTML(
        html_template=TEMPLATE,
        js_on_load=f"import('{url}').then(m => m.mount({{element, props}}))",
        apply_default_css=False,
        elem_id=module,
        elem_classes=["own"],
        **props,
    )
