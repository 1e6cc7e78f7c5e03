import pytest

from webui.core.participants import Step
from webui.core.wire import News
from webui.engine.recipes import Leg
from webui.worker.progress import Reporter


@pytest.fixture
def told():
    return []


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def reporter(told, now):
    return Reporter(told.append, token=7, job="j", images=4, clock=lambda: now[0])


def call(index: int, total: int) -> Step:
    return Step(index=index, total=total, x=None, sigma=1.0)


def sampling(reporter: Reporter, told: list) -> None:
    reporter.phase("sampling")
    told.clear()


def test_time_left_counts_the_batches_to_come(reporter, told, now):
    reporter.begin(image=1, batches_left=2)
    reporter.legs([Leg(10, 10)])
    sampling(reporter, told)
    for index in range(10):
        now[0] += 5.0 if index == 0 else 0.5
        reporter.after(call(index, 10))
    etas = [news.progress.eta for news in told]
    assert etas[0] is None, "the first call says nothing about the others"
    assert etas[1] == 0.5 * (8 + 20)
    assert etas[-1] == 0.5 * 20
    last = told[-1]
    assert isinstance(last, News)
    assert (last.token, last.progress.job, last.progress.image, last.progress.images) == (
        7,
        "j",
        1,
        4,
    )


def test_second_order_samplers_are_told_in_steps(reporter, told, now):
    reporter.begin(image=0, batches_left=0)
    reporter.legs([Leg(4, 7)])
    sampling(reporter, told)
    for index in range(7):
        now[0] += 1
        reporter.after(call(index, 7))
    assert [news.progress.step for news in told] == [1, 2, 2, 3, 3, 4, 4]


def test_news_are_not_sent_too_often_but_the_last_step_always_is(reporter, told, now):
    reporter.begin(image=0, batches_left=0)
    reporter.legs([Leg(100, 100)])
    sampling(reporter, told)
    for index in range(100):
        now[0] += 0.01
        reporter.after(call(index, 100))
    assert 8 <= len(told) <= 12
    assert told[-1].progress.step == 100


def test_loading_and_previews(reporter, told):
    reporter.loading(26, 6_900_000_000)
    assert told[-1].progress.eta is None
    reporter.preview("data:image/webp;base64,AA==")
    reporter.phase("decoding")
    phases = [(news.progress.phase, news.progress.step, news.progress.preview) for news in told]
    assert phases == [
        ("loading", 26, None),
        ("sampling", 0, "data:image/webp;base64,AA=="),
        ("decoding", 0, None),
    ]


def test_steps_and_time_go_on_over_the_legs_of_a_batch(reporter, told, now):
    reporter.begin(image=0, batches_left=1)
    reporter.legs([Leg(4, 4), Leg(2, 2, 3.0)])
    seen = []
    for calls, seconds in ((4, 1), (2, 3)):
        sampling(reporter, told)
        for index in range(calls):
            now[0] += seconds
            reporter.after(call(index, calls))
            seen.append((told[-1].progress.step, told[-1].progress.steps, told[-1].progress.eta))
    assert seen == [
        (1, 6, None),
        (2, 6, 2 + 6 + 10.0),
        (3, 6, 1 + 6 + 10.0),
        (4, 6, 6 + 10.0),
        (5, 6, 3 + 10.0),
        (6, 6, 10.0),
    ]
    reporter.phase("upscaling")
    reporter.part(3, 4)
    assert (told[-1].progress.phase, told[-1].progress.step) == ("upscaling", 6)
    now[0] += 1
    reporter.part(3, 4)
    assert (told[-1].progress.step, told[-1].progress.steps) == (3, 4)
