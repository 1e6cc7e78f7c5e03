"""What is drawn, how often, and what is refused."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.core.errors import UserError
from webui.prompt.wildcards import DEEPEST, WildcardFiles, expand

WORDS = {
    "animal": ["cat", "dog", "owl"],
    "zoo/bird": ["heron"],
    "nested": ["{big|small} __animal__"],
    "circle": ["a __circle__"],
    "bomb": ["__bomb2__ __bomb2__"] * 2,
    **{f"bomb{n}": [f"__bomb{n + 1}__ __bomb{n + 1}__"] for n in range(2, 20)},
    "bomb20": ["x"],
    "empty": [],
}


def load(name: str) -> list[str]:
    return WORDS.get(name, [])


def drawn(prompt: str, times: int = 300) -> Counter[str]:
    dice = Random(1)
    return Counter(expand(prompt, load, dice) for _ in range(times))


@pytest.mark.parametrize(
    ("prompt", "possible"),
    [
        ("a __animal__!", {"a cat!", "a dog!", "a owl!"}),
        ("__zoo/bird__", {"heron"}),
        ("{red|green} {x|y}", {"red x", "red y", "green x", "green y"}),
        ("a{ big|} cat", {"a big cat", "a cat"}),
        ("{a|{b|c}}", {"a", "b", "c"}),
        ("{2$$a|b|c}", {"a, b", "a, c", "b, a", "b, c", "c, a", "c, b"}),
        ("{1-2$$ and $$a|b}", {"a", "b", "a and b", "b and a"}),
        ("{-2$$+$$a|b}", {"a", "b", "a+b", "b+a"}),
        ("{2-$$+$$a|b}", {"a+b", "b+a"}),
        ("{5$$+$$ a | b }", {"a+b", "b+a"}),
        ("{0$$a|b}", {""}),
        ("{2$$+$$__zoo/bird__|{x|y}}", {"heron+x", "heron+y", "x+heron", "y+heron"}),
        ("{3$$ $$__animal__}", {"cat dog owl", "cat owl dog", "dog cat owl", "dog owl cat",
                                "owl cat dog", "owl dog cat"}),
        ("__nested__", {f"{size} {one}" for size in ("big", "small") for one in WORDS["animal"]}),
        ("{[a|b]|c}", {"[a|b]", "c"}),
        ("{:[|:}", {":[", ":"}),
        ("{0::a|b|0::c}", {"b"}),
        ("{0::a|0::b}", {"a", "b"}),
        ("<lora:{x|y}:{0.5|1}>", {"<lora:x:0.5>", "<lora:x:1>", "<lora:y:0.5>", "<lora:y:1>"}),
    ],
)  # fmt: skip
def test_everything_possible_and_nothing_else_is_drawn(prompt: str, possible: set[str]) -> None:
    assert set(drawn(prompt)) == possible


@pytest.mark.parametrize(
    "prompt",
    ["{image}", "{image:2} and {image:name}", "{}", "{a", "a}", r"\{a|b\}", "a | b", "$$", "{$$a}",
     "_a_", "__", "____", "a__b", "(a:1.2) [b|c]"],
)  # fmt: skip
def test_what_is_no_choice_stays(prompt: str) -> None:
    assert drawn(prompt, 3) == {prompt: 3}


def test_a_choice_inside_other_braces_is_drawn() -> None:
    assert set(drawn("{x {a|b}}")) == {"{x a}", "{x b}"}
    assert set(drawn("{{image}|b}")) == {"{image}", "b"}


def test_weights_count() -> None:
    for prompt in ("{3::a|b}", "{b|3$$a}", "{.75::a|0.25::b}"):
        share = drawn(prompt, 2_000)["a"] / 2_000
        assert abs(share - 0.75) < 0.04, prompt
    assert abs(drawn("__animal__", 3_000)["owl"] / 3_000 - 1 / 3) < 0.04


def test_the_same_dice_give_the_same_prompt() -> None:
    prompt = "{2$$a|b|c|d} __nested__ {x|y|z}"
    results = [expand(prompt, load, Random(seed)) for seed in range(20)]
    assert results == [expand(prompt, load, Random(seed)) for seed in range(20)]
    assert len(set(results)) > 10


@pytest.mark.parametrize("name", ["nothing", "empty", "zoo/fish*"])
def test_an_unknown_wildcard_is_named(name: str) -> None:
    with pytest.raises(UserError, match=f"wildcard __{name}__".replace("*", r"\*")):
        expand(f"a __{name}__", load, Random(0))


@pytest.mark.parametrize("prompt", ["__circle__", "__bomb__", "{" * 1000 + "}" * 1000])
def test_what_has_no_end_is_a_sentence(prompt: str) -> None:
    with pytest.raises(UserError, match="without end at"):
        expand(prompt, load, Random(0))


def test_deep_is_fine_up_to_a_limit() -> None:
    assert expand("{" * DEEPEST + "a" + "}" * DEEPEST, load, Random(0)).strip("{}") == "a"


@given(st.text(alphabet="ab{}|$-12:_ \\[]") | st.text(), st.integers())
def test_any_text_is_drawn_or_refused(prompt: str, seed: int) -> None:
    try:
        result = expand(prompt, load, Random(seed))
    except UserError:
        return
    if "{" not in prompt and "__" not in prompt:
        assert result == prompt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "Animal.txt").write_text("\ufeffcat\n# no\n\n  łoś  \n", encoding="utf-8")
    (tmp_path / "zoo" / "bird.txt").write_text("heron", encoding="utf-8")
    (tmp_path / "zoo" / "hair color.txt").write_bytes(b"red\r\nblue\xff\r\n")
    (tmp_path / "note.md").write_text("no", encoding="utf-8")
    return tmp_path


def test_files_are_read(folder: Path) -> None:
    files = WildcardFiles(folder)
    assert files.names == ("Animal", "zoo/bird", "zoo/hair color")
    assert files("animal") == ("cat", "łoś")
    assert files("zoo/*") == ("heron", "red", "blue\ufffd")
    assert files("*i*") == ("cat", "łoś", "heron", "red", "blue\ufffd")
    assert files("../Animal") == files("note") == files("[aA]nimal") == ()
    assert expand("__zoo/hair color__", files, Random(0)) in ("red", "blue\ufffd")


def test_no_folder_is_no_wildcards(tmp_path: Path) -> None:
    assert WildcardFiles(tmp_path / "none").names == ()
