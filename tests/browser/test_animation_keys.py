"""Keys of schedules in the browser: read as the server reads them, rewritten with little change."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.bench import Bench
from webui.timeline import deforum_keyframes
from webui.timeline.keyframes import Clock, read_keys

CLOCK = Clock(frames=61, fps=15, bpm=120)
HERE = {"frames": 61, "fps": 15, "bpm": 120}
TEXTS = (
    "1.01",
    "-.5",
    "0:(0), 30:(10)",
    "0: 1 ; 2s:(min(1,2)) ease_in_out, max_f-3:( 5 ), 8b:(t*2) bezier(0.4, 0, 0.2, 1)",
    '"0":"1", \'12\':(sin(t))',
    "(max_f - 10)/2:(3), -(2-12)*1.5:(w/2) steps(4)",
    "30:(1), 0:(2), 30:(3) cubic",
    "0:(max(1,2)), 30: 5",
    "0:(where(t < 5, (1), 2)),",
)


@pytest.fixture
def ask(bench: Callable[..., Bench]) -> Callable[..., Any]:
    page = bench().page

    def asked(expression: str, *given: Any) -> Any:
        script = f"([c, ...a]) => import('/animation_keys.js').then(m => {expression})"
        return page.evaluate(script, [HERE, *given])

    return asked


def keys_of(text: str) -> list[tuple[float, str, str]]:
    return [(key.frame, key.text, key.way) for key in read_keys(text, CLOCK)]


def test_keys_are_read_as_the_server_reads_them(ask: Callable[..., Any]):
    read = "a[0].map(text => m.readKeys(text, c).map(k => [k.frame, k.value, k.way]))"
    found = ask(read, TEXTS)
    assert [[tuple(key) for key in keys] for keys in found] == [keys_of(text) for text in TEXTS]
    assert ask("['0:(1), x', ''].map(text => m.readKeys(text, c))") == [None, None]
    assert ask("m.readKeys('0:(1), w/0:(2), a:(3)', c).length") == 1


CHANGE = """a[0].map(text => m.readKeys(text, c).map(key => ({
    value: m.withValue(text, key, 2.50001), formula: m.withValue(text, key, 'max(1, t)'),
    frame: m.withFrame(text, key, 45, c), gone: m.withoutKey(text, key),
    way: m.withWay(text, key, 'step'), straight: m.withWay(text, key, ''),
    added: m.withKey(text, 7, 0.25, c),
})))"""


def test_a_change_changes_one_key_and_nothing_else(ask: Callable[..., Any]):
    texts = [text for text in TEXTS if not text.startswith("30:")]  # it writes one key twice
    for text, changes in zip(texts, ask(CHANGE, texts), strict=True):
        before = keys_of(text)
        for place, (change, (frame, value, way)) in enumerate(zip(changes, before, strict=True)):
            others = before[:place] + before[place + 1 :]
            assert keys_of(change["value"]) == sorted([*others, (frame, "2.5", way)])
            assert keys_of(change["formula"]) == sorted([*others, (frame, "max(1, t)", way)])
            assert keys_of(change["frame"]) == sorted([*others, (45, value, way)])
            assert keys_of(change["gone"]) == (others or before)
            if len(before) > 1:
                assert keys_of(change["way"]) == sorted([*others, (frame, value, "step")])
                assert keys_of(change["straight"]) == sorted([*others, (frame, value, "")])
            assert keys_of(change["added"]) == sorted([*before, (7, "0.25", "")])


def test_what_is_not_touched_stays_as_it_was_written(ask: Callable[..., Any]):
    text = "0: 1 ; 2s:( min(1,2) ) ease-in-out,  max_f:(5)"
    (first, second, last) = ask("m.readKeys(a[0], c).map(k => m.withFrame(a[0], k, 33, c))", text)
    assert first == "33: 1 ; 2s:( min(1,2) ) ease-in-out,  max_f:(5)"
    assert second == "0: 1 ; 2.2s:( min(1,2) ) ease-in-out,  max_f:(5)"
    assert last == "0: 1 ; 2s:( min(1,2) ) ease-in-out,  33:(5)"
    moved = ask("m.withFrame('8b:(1)', m.readKeys('8b:(1)', c)[0], 30, c)")
    assert moved == "4b:(1)"


def test_all_keys_are_moved_together(ask: Callable[..., Any]):
    text = "0:(1) ease_in, 2s:(t), max_f:( 5 )"
    assert ask("m.shifted(a[0], 15, c)", text) == "15:(1) ease_in, 3s:(t), 75:( 5 )"
    assert ask("m.shifted(a[0], -15, c)", text) == "-15:(1) ease_in, 1s:(t), 45:( 5 )"
    assert ask("m.shifted('0.5', 3, c)") == "0.5"


def test_deforum_reads_what_is_written(ask: Callable[..., Any]):
    text = "0:(0.0000001), 30:(1+t)"
    written = ask("m.withKey(m.withValue(a[0], m.readKeys(a[0], c)[0], 1e-7), 7, 1/3, c)", text)
    keys = deforum_keyframes.read_keys(written, 61, 0)
    assert {frame: key.bare for frame, key in keys.items()} == {0: "0", 7: "0.3333", 30: "1+t"}
