"""What a request would need of memory, said under the button."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, View, free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its worker is the tests' own, which says that it has 2 GB."""
    own = Server(tmp_path_factory.mktemp("memory"), free_port(), module="tests.serve_fake")
    own.start()
    own.wait_for_worker()
    yield own
    own.kill()


def test_what_is_done_to_make_it_fit_is_said_and_nothing_where_it_fits(view: View):
    line = view.find(".memory:not(.plot-count)")
    expect(line).to_be_hidden()
    for side in ("width", "height"):
        view.field(side).fill("1024")
    expect(line).to_contain_text("2.0 GB are free: tiled VAE.")
    view.field("width").fill("2048")
    view.field("height").fill("2048")
    expect(line).to_contain_text("it may fail")
    for side in ("width", "height"):
        view.field(side).fill("256")
    expect(line).to_be_hidden()


def test_the_budget_is_a_setting(view: View):
    view.page.locator("#tab-settings-button").click()
    budget = view.page.locator('[data-field="memory_budget"] input').first
    expect(budget).to_have_value("80")
