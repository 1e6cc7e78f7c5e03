from webui.library.found import digest, inside, objects, words


def test_whatever_a_site_says():
    assert objects([{"a": 1}, 2, None, []]) == [{"a": 1}]
    assert objects("x") == objects(None) == []
    assert inside({"a": {"b": 1}, "c": [1]}, "a") == {"b": 1}
    assert inside({"c": [1]}, "c") == inside({}, "c") == {}
    assert (words("x"), words(5), words(None)) == ("x", "", "")
    assert digest("sha256:" + "A" * 64) == "a" * 64
    assert [digest(one) for one in ("a" * 63, "g" * 64, None, 5)] == [None] * 4
