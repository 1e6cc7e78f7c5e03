import pytest

from webui.core.participants import Step
from webui.core.wire import News
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


def test_time_left_counts_the_batches_to_come(reporter, told, now):
    reporter.begin(image=1, steps=10, batches_left=2)
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
    reporter.begin(image=0, steps=4, batches_left=0)
    for index in range(7):
        now[0] += 1
        reporter.after(call(index, 7))
    assert [news.progress.step for news in told] == [1, 2, 2, 3, 3, 4, 4]


def test_news_are_not_sent_too_often_but_the_last_step_always_is(reporter, told, now):
    reporter.begin(image=0, steps=100, batches_left=0)
    for index in range(100):
        now[0] += 0.01
        reporter.after(call(index, 100))
    assert 8 <= len(told) <= 12
    assert told[-1].progress.step == 100


def test_loading_and_previews(reporter, told):
    reporter.loading(0.256)
    assert told[-1].progress.eta is None
    reporter.preview("data:image/webp;base64,AA==")
    reporter.phase("decoding")
    phases = [(news.progress.phase, news.progress.step, news.progress.preview) for news in told]
    assert phases == [
        ("loading", 26, None),
        ("sampling", 0, "data:image/webp;base64,AA=="),
        ("decoding", 0, None),
    ]
