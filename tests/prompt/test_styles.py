"""Styles against A1111's answers, and its file."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden import golden
from webui.core.errors import UserError
from webui.prompt.styles import (
    Style,
    apply_styles,
    extract_style,
    extract_styles,
    merge_style,
    read_styles,
)


def cases(kind: str) -> list[dict[str, Any]]:
    return json.loads(golden("a1111/prompt_multicond.json").read_text(encoding="utf-8"))[kind]


def test_styles_are_merged_as_a1111_does() -> None:
    for case in cases("style_merge"):
        assert merge_style(case["style"], case["prompt"]) == case["result"], case


def test_styles_are_taken_out_as_a1111_does() -> None:
    for case in cases("style_extract"):
        matched, rest = case["result"]
        expected = rest if matched else None
        assert extract_style(case["style"], case["prompt"]) == expected, case


PHOTO = Style("photo", "photo of {prompt}, sharp", "drawing")
GOOD = Style("good", "masterpiece", "ugly")


def test_what_is_applied_is_found_again() -> None:
    applied = apply_styles("a cat", "dog", [PHOTO, GOOD])
    assert applied == ("photo of a cat, sharp, masterpiece", "dog, drawing, ugly")
    found = extract_styles(*applied, [PHOTO, Style("none"), GOOD])
    assert found == (["photo", "good"], "a cat", "dog")
    half = extract_styles("a cat, masterpiece", "no style here", [GOOD])
    assert half == ([], "a cat, masterpiece", "no style here")


def test_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "styles.csv"
    path.write_text(
        '\ufeffname,prompt,negative_prompt\nphoto,"photo of {prompt}, sharp",drawing\n'
        'żółw,"two\nlines"\n,nameless,\n',
        encoding="utf-8",
    )
    assert read_styles(path) == {
        "photo": PHOTO,
        "żółw": Style("żółw", "two\nlines", ""),
    }
    path.write_text("name,text\nold,old text\n", encoding="utf-8")
    assert read_styles(path) == {"old": Style("old", "old text")}
    path.write_text("", encoding="utf-8")
    assert read_styles(path) == read_styles(tmp_path / "none.csv") == {}


@pytest.mark.parametrize("data", [b"a,b\n1,2\n", b"name\n\xff\n", b'name\n"' + b"x" * 200_000])
def test_a_file_that_is_none_is_a_sentence(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "styles.csv").write_bytes(data)
    with pytest.raises(UserError, match=r"styles\.csv"):
        read_styles(tmp_path / "styles.csv")
