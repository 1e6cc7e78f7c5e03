"""SubRip's files."""

from webui.video.subtitles import srt


def test_one_after_the_other():
    text = "".join(srt(["a cat\n\n  Seed: 1 ", "", "x" * 900], 1 / 3))
    entries = text.strip().split("\n\n")
    assert entries[0] == "1\n00:00:00,000 --> 00:00:00,333\na cat\nSeed: 1"
    assert entries[1] == "2\n00:00:00,333 --> 00:00:00,667\n–"
    assert len(entries[2].splitlines()[2]) == 200


def test_hours():
    last = list(srt(["x"] * 3, 3599.9995))[-1]
    assert last.startswith("3\n01:59:59,999 --> 02:59:59,998")


def test_no_text_is_taken_for_a_time():
    assert "".join(srt(["a --> b"], 1)).count("-->") == 1
