"""X/Y/Z plot: settings compared, told of beforehand, and taken back from a sheet."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import View


@pytest.fixture
def tab(view: View) -> View:
    view.fill(prompt="a red apple", steps=2, width=64, height=64, seed=3)
    tab = View(view.page, "#tab-txt2img")
    tab.field("_plot").check()
    expect(tab.field("plot.x.axis").locator("option[value=steps]")).to_have_count(1)
    return tab


def test_cells_and_their_sheet(tab: View):
    expect(tab.field("plot.x.values")).to_be_hidden()
    tab.field("plot.x.axis").select_option("steps")
    tab.fill(**{"plot.x.values": "1,2"})
    tab.field("plot.y.axis").select_option("extensions.freeu.enabled")
    tab.find(".axis").nth(1).get_by_role("button", name="All choices").click()
    expect(tab.field("plot.y.values")).to_have_value("True, False")
    expect(tab.find(".plot-count")).to_have_text("4 pictures · 1 sheet")
    tab.button("Swap X and Y").click()
    expect(tab.field("plot.y.axis")).to_have_value("steps")
    tab.generate()
    tab.wait_for_pictures(5)
    tab.wait_until_idle()
    plot, *cells = tab.jobs()
    assert plot["request"]["columns"] == ["[FreeU] Use FreeU: on", "[FreeU] Use FreeU: off"]
    assert plot["request"]["rows"] == ["Steps: 1", "Steps: 2"]
    assert {one["id"] for one in cells} == set(plot["request"]["jobs"])
    assert plot["pictures"][0]["width"] > 128

    tab.field("_plot").uncheck()
    tab.button("Text to image").last.click()  # sends the sheet, which is what is looked at
    expect(tab.field("_plot")).to_be_checked()
    expect(tab.field("plot.y.axis")).to_have_value("steps")
    expect(tab.field("plot.y.values")).to_have_value("1,2")


def test_what_is_wrong_is_said_at_its_place(tab: View):
    tab.field("plot.x.axis").select_option("steps")
    tab.fill(**{"plot.x.values": "4, many"})
    expect(tab.find(".plot-count")).to_contain_text("Steps, value 2")
    tab.generate()
    expect(tab.find('[data-field="plot.x.values"] .problem')).to_contain_text("“many” is neither")
    assert tab.jobs() == []
