"""What does not fit gets one sentence, at its field and above Generate; nothing is lost."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import View


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", "513"),
        ("height", "1000000"),
        ("steps", "1000000000"),
        ("cfg_scale", "-3"),
        ("prompt", "   "),
        ("seed", "apple"),
        ("seed", "18446744073709551616"),
        ("batch_size", "9"),
    ],
)
def test_a_value_that_does_not_fit_is_told_at_its_field(view: View, name: str, value: str):
    view.fill(negative_prompt="kept", **{name: value})
    view.generate()
    box = view.field(name)
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_be_focused()
    expect(view.problem(name)).to_have_text(re.compile(r"\.$"))
    sentence = view.problem(name).inner_text()
    described = box.get_attribute("aria-describedby") or ""
    ids = ", ".join(f"#{id}" for id in described.split())
    expect(view.page.locator(ids).filter(has_text=sentence)).to_have_count(1)
    expect(view.page.locator(".alert[role=alert]")).to_contain_text(sentence)
    expect(view.field("negative_prompt")).to_have_value("kept")
    assert view.jobs() == []


def test_all_that_is_wrong_is_told_at_once_and_goes_away_when_mended(view: View):
    view.fill(width=513, steps=0, cfg_scale=99)
    view.generate()
    expect(view.page.locator(".alert p")).to_have_count(3)
    view.fill(width=512)
    expect(view.field("width")).not_to_have_attribute("aria-invalid", re.compile(""))
    expect(view.field("steps")).to_have_attribute("aria-invalid", "true")


def test_a_prompt_of_a_megabyte_is_refused_and_stays(view: View):
    view.page.locator('[data-field="prompt"] textarea').evaluate(
        "box => { box.value = 'apple '.repeat(170000); box.dispatchEvent(new Event('input')); }"
    )
    view.generate()
    expect(view.page.locator(".alert")).to_contain_text("prompt", ignore_case=True)
    expect(view.field("prompt")).to_have_js_property("textLength", 1_020_000)


def test_a_value_folded_away_is_unfolded_to_tell(view: View):
    view.page.locator("summary", has_text="More settings").first.click()
    view.fill(clip_skip=99)
    view.page.locator("summary", has_text="More settings").first.click()
    view.generate()
    expect(view.field("clip_skip")).to_be_visible()
    expect(view.problem("clip_skip")).to_contain_text("12")


def test_nobody_at_the_other_end(view: View):
    def cut(route: Route) -> None:
        route.abort()

    view.page.route("**/api/v1/jobs", cut)
    view.generate()
    expect(view.page.locator(".alert")).to_contain_text("The server does not answer")
    view.page.unroute("**/api/v1/jobs")


def test_what_a_user_writes_is_text_everywhere(view: View):
    words = "${alert(1)} {{value}} <img src=x onerror=alert(2)> `${1}`"
    view.fill(prompt=words, width=64, height=64, steps=1)
    view.generate()
    view.wait_for_pictures(1)
    expect(view.page.locator(".parameters")).to_contain_text("<img src=x onerror=alert(2)>")
    view.page.reload()
    view.wait_for_pictures(1)
    expect(view.field("prompt")).to_have_value(words)
    expect(view.page.locator(".desk img[src=x]")).to_have_count(0)


def test_a_job_that_failed_says_why_and_stays(view: View):
    view.page.evaluate(
        """async () => {
            const { take } = await import(`/own/${easel.build}/live.js`);
            const problem = { code: "unexpected", message: "", values: { reason: "Test" } };
            const request = { kind: "txt2img", prompt: "a ${lost} one" };
            take({ id: "f", state: "failed", created: 9e9, pictures: [], problem, request });
        }"""
    )
    failure = view.page.locator(".failure")
    expect(failure).to_contain_text("Something went wrong inside (Test)")
    expect(failure).to_contain_text("a ${lost} one")
    expect(view.page.locator(".tile.failed")).to_have_count(1)
