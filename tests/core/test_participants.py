from webui.core.participants import Cond, Embedding


def test_the_embedding_in_force_follows_a1111s_rule():
    a, b = Embedding("a"), Embedding("b")
    cond = Cond("positive", 0, 1.0, ((3, a), (8, b)))
    assert [cond.at(call) for call in (0, 3, 4, 8)] == [a, a, b, b]
    assert cond.at(9) is a, "past the last one the first is in force again"
