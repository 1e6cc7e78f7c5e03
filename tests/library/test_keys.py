from webui.library.keys import Keys


def test_names_of_one_pattern_are_one():
    keys = Keys(["a.0.b", "a.12.b", "a_345_b", "x1.y"])
    assert keys.patterns == {"_a_0_b_", "_x0_y_"}
    assert keys.have("_a_0_b_") and keys.have("nothing", "_y_\n", "?") and keys.have("\n_a_")
    assert not keys.have("\n_b_", "_a_\n", "a.0.b")
    assert keys.raw.split("\n") == ["a.0.b", "a.12.b", "a_345_b", "x1.y"]


def test_no_names():
    assert not Keys([]).have("_a_")
