"""The theme leaves every colour to the variables of base.css, which know light and dark."""

import re

from webui.ui.build import ASSETS
from webui.ui.theme import theme


def test_every_variable_it_names_exists():
    defined = set()
    for sheet in ASSETS.glob("*.css"):
        defined |= set(re.findall(r"(--[\w-]+)\s*:", sheet.read_text(encoding="utf-8")))
    ours = {
        name: value
        for name, value in vars(theme()).items()
        if isinstance(value, str) and value.startswith("var(")
    }
    assert len(ours) > 20
    unknown = {name: value for name, value in ours.items() if value[4:-1] not in defined}
    assert unknown == {}


def test_light_and_dark_take_the_same_variable():
    made = vars(theme())
    assert made["body_background_fill"] == made["body_background_fill_dark"] == "var(--paper)"


def test_it_asks_for_no_font_from_elsewhere():
    assert [url for url in theme()._stylesheets if "//" in url] == []
