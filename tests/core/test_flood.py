import io
import sys

from webui.core.flood import Limited, limited_output, watch_streams


def test_a_flood_is_cut_off_and_said_once():
    out = io.StringIO()
    stream = Limited(out)
    with limited_output("x", most=10):
        for _ in range(1000):
            stream.write("12345")
    assert out.getvalue() == "1234512345\n[x prints too much: the rest is left out]\n"
    with limited_output("x", most=10):
        stream.write("again")
    stream.write("ours" * 100)
    assert out.getvalue().endswith("again" + "ours" * 100), "each call has its own, we have none"


def test_streams_are_watched_once(capsys):
    watch_streams()
    first = sys.stdout
    watch_streams()
    assert sys.stdout is first and isinstance(first, Limited)
    with limited_output("x", most=3):
        print("hello")
    assert "left out" in capsys.readouterr().out
