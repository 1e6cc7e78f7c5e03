"""Styles: texts put around a prompt, kept in A1111's `styles.csv`, and taken out of one again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import UserError

PLACE = "{prompt}"
_SPACES = re.compile("  +")


@dataclass(frozen=True)
class Style:
    """A line of the file. A text without `{prompt}` is put behind the prompt."""

    name: str
    prompt: str = ""
    negative_prompt: str = ""


def read_styles(path: Path) -> dict[str, Style]:
    """The styles of a file by name, none if there is no file; of twins the last one counts.

    Raises:
        UserError: it cannot be read as a table with a column `name`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError("styles_file", file=str(path), reason=str(error)) from error
    if rows and "name" not in rows[0]:
        columns = ", ".join(map(str, rows[0]))
        raise UserError("styles_file", file=str(path), reason=columns)
    return {row["name"]: _style(row) for row in rows if row["name"]}


def _style(row: dict[str, str | None]) -> Style:
    prompt = row.get("prompt") or row.get("text")  # `text` in the oldest files
    return Style(row["name"] or "", prompt or "", row.get("negative_prompt") or "")


def apply_styles(prompt: str, negative_prompt: str, styles: Iterable[Style]) -> tuple[str, str]:
    """Both prompts with the styles' texts, one style after the other."""
    for style in styles:
        prompt = merge_style(style.prompt, prompt)
        negative_prompt = merge_style(style.negative_prompt, negative_prompt)
    return prompt, negative_prompt


def merge_style(style: str, prompt: str) -> str:
    """The prompt in its place in a style's text, or before it."""
    if PLACE in style:
        return style.replace(PLACE, prompt)
    return ", ".join(filter(None, (prompt.strip(), style.strip())))


def extract_styles(
    prompt: str, negative_prompt: str, styles: Iterable[Style]
) -> tuple[list[str], str, str]:
    """The names of the styles that both prompts contain, and the prompts without them."""
    left = [style for style in styles if style.prompt or style.negative_prompt]
    names: list[str] = []
    while True:
        for style in left:
            rest = extract_style(style.prompt, prompt)
            negative_rest = extract_style(style.negative_prompt, negative_prompt)
            if rest is not None and negative_rest is not None:
                break
        else:
            return names[::-1], prompt, negative_prompt
        prompt, negative_prompt = rest, negative_rest
        names.append(style.name)
        left.remove(style)


def extract_style(style: str, prompt: str) -> str | None:
    """The prompt without a style's text; None if that is not in it."""
    prompt, style = (_SPACES.sub(" ", text.strip()) for text in (prompt, style))
    before, place, after = style.partition(PLACE)
    if not place:
        return prompt.removesuffix(style).removesuffix(", ") if prompt.endswith(style) else None
    if not (prompt.startswith(before) and prompt.endswith(after)):
        return None
    return prompt[len(before) : len(prompt) - len(after)]
