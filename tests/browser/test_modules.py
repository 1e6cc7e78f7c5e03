"""Our modules one by one, in the browser they are made for."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import View, Visitor


def run(page: Page, module: str, expression: str) -> Any:
    """The value of an expression over a module `m`."""
    return page.evaluate(f"import(`/own/${{easel.build}}/{module}.js`).then(m => {expression})")


@pytest.fixture
def polish(visitors: Callable[..., Visitor]) -> Page:
    return visitors(locale="pl-PL").open().page


def test_polish_counts_in_three_forms(polish: Page):
    said = run(polish, "text", "[1, 2, 5, 12, 22, 25].map(n => m.tn('ui.waiting.ahead', n))")
    assert said == [
        "przed nim 1 zadanie",
        "przed nim 2 zadania",
        "przed nim 5 zadań",
        "przed nim 12 zadań",
        "przed nim 22 zadania",
        "przed nim 25 zadań",
    ]


def test_gaps_are_filled_with_text_only(polish: Page):
    assert run(polish, "text", "m.t('ui.worker.ready', { device: '$& {n}' })") == "Gotowy na $& {n}"
    assert run(polish, "text", "[0.4, 59.6, 75, 3700].map(m.duration)") == [
        "0 s",
        "1 min",
        "1 min 15 s",
        "1 h 1 min",
    ]


@pytest.mark.parametrize("area", [128 * 128, 512 * 512, 1024 * 1024])
def test_sizes_keep_area_and_shape(polish: Page, area: int):
    for shape in ([1, 1], [4, 3], [3, 2], [16, 9], [9, 16]):
        size = run(polish, "size", f"m.sizeFor({shape}, {area})")
        assert size["width"] % 8 == size["height"] % 8 == 0
        assert abs(size["width"] * size["height"] / area - 1) < 0.08
        assert abs(size["width"] / size["height"] / (shape[0] / shape[1]) - 1) < 0.08


def test_parameters_are_read_as_a1111_writes_them(polish: Page):
    infotext = (
        "a cat, Steps: of stone\nsecond line\nNegative prompt: dog\\nbad\nSteps: 20, "
        "Sampler: Euler a, Seed: 18446744073709551615, Size: 512x640, "
        'Lora hashes: \\"a: 1, b: 2\\", Version: v1.10.1'
    ).replace("\n", "\\n")
    read = run(polish, "parameters", f'm.parse("{infotext}")')
    assert read["prompt"] == "a cat, Steps: of stone\nsecond line"
    assert read["negative"] == "dog\nbad"
    assert dict(read["rest"]) == {
        "Steps": "20",
        "Sampler": "Euler a",
        "Seed": "18446744073709551615",
        "Size": "512x640",
        "Lora hashes": "a: 1, b: 2",
        "Version": "v1.10.1",
    }
    assert run(polish, "parameters", 'm.parse("only words")') == {
        "prompt": "only words",
        "negative": "",
        "rest": [],
    }


def test_a_long_seed_is_a_number_in_json(polish: Page):
    sent = run(
        polish,
        "seed",
        "JSON.stringify(['-1', '7', '18446744073709551615', 'x'].map(m.seedJson))",
    )
    assert sent == '[-1,7,18446744073709551615,"x"]'


def test_progress_is_a_share_of_the_whole_job(polish: Page):
    job = "{ request: { batch_size: 2 } }"
    news = "{ phase: 'sampling', step: 5, steps: 10, image: 2, images: 4 }"
    assert run(polish, "progress", f"m.shareOf({job}, {news})") == 0.75
    assert run(polish, "progress", f"m.describe({job}, {news}).main") == "Obrazy 3–4 z 4"
    assert run(polish, "progress", f"m.shareOf({job}, undefined)") is None


ANSWERS = """
async () => {
    const { live, take } = await import(`/own/${easel.build}/live.js`);
    const job = { id: "j", state: "queued", attempts: 0, created: 1, pictures: [], request: {} };
    const first = { id: "j-0", index: 0 };
    const second = { id: "j-1", index: 1 };
    const seen = answer => {
        take({ ...job, ...answer });
        const { state, pictures } = live.jobs.get("j");
        return [state, ...pictures.map(one => one.id)].join(" ");
    };
    const told = [
        { state: "running", attempts: 1, pictures: [second] },
        {},
        { state: "running", attempts: 1, pictures: [first] },
        { state: "interrupted", attempts: 1, pictures: [first] },
        { state: "running", attempts: 1 },
        { state: "running", attempts: 2 },
        { state: "finished", attempts: 2, pictures: [first, second] },
        { state: "running", attempts: 2 },
    ].map(seen);
    live.jobs.delete("j");
    return told;
}
"""


def test_an_answer_that_was_overtaken_takes_nothing_back(view: View):
    """Each event of an unknown job asks for it; the answers come in any order, the POST's too."""
    both = "j-0 j-1"
    assert view.page.evaluate(ANSWERS) == [
        "running j-1",
        "running j-1",
        f"running {both}",
        f"interrupted {both}",
        f"interrupted {both}",
        f"running {both}",
        f"finished {both}",
        f"finished {both}",
    ]


LOST = """
async () => {
    const { hear, live, take } = await import(`/own/${easel.build}/live.js`);
    const job = { id: "lost", state: "queued", attempts: 0, created: 1, pictures: [], request: {} };
    take(job);
    const answer = hear({ link: "online", build: easel.build });
    await hear({ event: { kind: "started", job: "lost", attempt: 1 }, id: 9e9 });
    await answer;
    return live.jobs.get("lost").state;
}
"""


def test_events_that_came_while_a_snapshot_failed_are_not_lost(view: View):
    """The next one is asked for by itself."""
    expect(view.page.locator(".worker")).to_contain_text("on CPU")  # the page's own has come
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.abort() if len(asked) == 1 else route.continue_()

    view.page.route("**/api/v1/state", answer)
    with view.page.expect_response("**/api/v1/state") as second:  # the first has no response
        assert view.page.evaluate(LOST) == "running"
    assert second.value.ok
    view.page.wait_for_timeout(1500)
    assert len(asked) == 2, "what came is not asked for again"


def test_a_film_in_the_making_is_not_in_the_way_of_what_is_drawn(view: View):
    found = view.page.evaluate(
        """async () => {
            const { live, runningJob, take } = await import(`/own/${easel.build}/live.js`);
            const made = (id, kind, created) =>
                ({ id, state: "running", attempts: 1, created, pictures: [], request: { kind } });
            take(made("film", "film", 1));
            take(made("drawn", "txt2img", 2));
            const { id } = runningJob();
            ["film", "drawn"].forEach(one => live.jobs.delete(one));
            return id;
        }"""
    )
    assert found == "drawn"


OVERTAKEN = """
async () => {
    const { hear, over, take } = await import(`/own/${easel.build}/live.js`);
    let id = 9e9;
    const told = (kind, more = {}) => hear({ event: { kind, job: "quick", ...more }, id: ++id });
    told("started", { attempt: 1 });
    told("image_done", { picture: { id: "quick-0", index: 0 } });
    take({ id: "quick", state: "queued", attempts: 0, created: 1, pictures: [], request: {} });
    const done = over("quick");
    told("finished");
    return (await done).pictures.length;
}
"""


def test_a_job_that_is_over_before_the_answer_that_it_was_taken_ends_with_its_pictures(view: View):
    """Events of a job that is not known yet are not kept: the job is asked for."""
    expect(view.page.locator(".worker")).to_contain_text("on CPU")  # the page's own have come
    made = {"id": "quick-0", "index": 0}
    job = {"id": "quick", "state": "finished", "attempts": 1, "created": 1, "request": {}}
    answer = {**job, "pictures": [made], "picture_count": 1}
    view.page.route("**/api/v1/jobs/quick", lambda route: route.fulfill(json=answer))
    assert view.page.evaluate(OVERTAKEN) == 1


@pytest.fixture
def asked_for_offers(view: View) -> list[Route]:
    """Questions for what there is to choose from, none of them answered."""
    expect(view.page.locator(".worker")).to_contain_text("on CPU")  # the page's own are answered
    routes: list[Route] = []
    view.page.route("**/api/v1/offers", lambda route: routes.append(route))
    return routes


def wait_for(page: Page, routes: list[Route], count: int) -> None:
    for _ in range(600):
        if len(routes) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(routes)} questions, not {count}")


def test_menus_show_the_answer_to_the_last_question(view: View, asked_for_offers: list[Route]):
    page = view.page
    offers = page.request.get("/api/v1/offers").json()
    devices = "m.followOffers(offers => (window.shown = offers.device))"
    run(page, "offers", f"({devices}, void (window.first = m.refreshOffers()))")
    wait_for(page, asked_for_offers, 1)
    run(page, "offers", "void (window.second = m.refreshOffers())")
    wait_for(page, asked_for_offers, 2)
    first, second = asked_for_offers
    second.fulfill(json={**offers, "device": "new"})
    page.evaluate("second")
    first.fulfill(json={**offers, "device": "old"})
    page.evaluate("first")
    assert page.evaluate("shown") == "new"


def test_menus_that_got_no_answer_ask_again_and_none_is_in_the_way_of_another(
    view: View, asked_for_offers: list[Route]
):
    page = view.page
    offers = page.request.get("/api/v1/offers").json()
    page.evaluate("addEventListener('error', event => event.preventDefault())")
    page.evaluate("addEventListener('error', () => (window.told = true))")
    broken = "m.followOffers(({ device }) => { if (device === 'new') throw new Error('broken'); })"
    good = "m.followOffers(offers => (window.shown = offers.device))"
    run(page, "offers", f"({broken}, {good}, void m.refreshOffers())")
    wait_for(page, asked_for_offers, 1)
    asked_for_offers[0].abort()
    wait_for(page, asked_for_offers, 2)
    asked_for_offers[1].fulfill(json={**offers, "device": "new"})
    page.wait_for_function("window.shown === 'new' && window.told")
