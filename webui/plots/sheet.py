"""A sheet: pictures in columns and rows with what differs beside them, as A1111 draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parents[1] / "core/fonts/DejaVuSans.ttf"
"""Shipped, since Pillow's own has no Polish letters."""
MOST_PIXELS, LONGEST_SIDE = 64_000_000, 16_000
"""Of a sheet; cells become smaller where it would be larger."""
_PAPER, _INK, _GAP, _GAP_INK = "white", "black", "#e4e4e8", "#6a1b1b"
_SMALLEST_FONT = 9
_LONGEST = 300
"""Characters of a text beside the pictures."""

Rgb = Image.Image


@dataclass(frozen=True)
class Gap:
    """A cell without a picture, and why."""

    reason: str


@dataclass(frozen=True)
class Held:
    """A picture that is read when its turn comes, so that not all are in memory.

    size: width and height in pixels.
    """

    size: tuple[int, int]
    load: Callable[[], Rgb | Gap]


@dataclass(frozen=True)
class Sheet:
    """What is to be drawn.

    Attributes:
        cells: row by row; each has pictures, or is a gap.
        columns, rows: what stands above and beside; empty texts for nothing.
        title: above all of it.
        margin: pixels between cells.
            legend: whether these words are drawn.
        letters: their size in pixels; 0 for what suits the pictures.
    """

    cells: Sequence[Sequence[Rgb | Held | Gap]]
    columns: Sequence[str] = ("",)
    rows: Sequence[str] = ("",)
    title: str = ""
    margin: int = 0
    legend: bool = True
    letters: int = 0


@dataclass
class _Words:
    """Texts with their lines, and how much room they take."""

    lines: list[list[str]] = field(default_factory=list[list[str]])
    width: int = 0
    height: int = 0


def draw(sheet: Sheet) -> Image.Image:
    """The sheet as one RGB picture."""
    wide, high = _cell_size(sheet)
    share = _share(sheet, wide, high)
    wide, high = max(1, int(wide * share)), max(1, int(high * share))
    font = _font(sheet.letters or max(_SMALLEST_FONT, min((wide + high) // 22, 36)))
    legend = sheet.legend
    above = _wrapped(sheet.columns if legend else (), font, wide)
    beside = _wrapped(sheet.rows if legend else (), font, max(wide * 3 // 4, 60))
    column, row = wide + sheet.margin, high + sheet.margin
    across = column * len(sheet.columns) - sheet.margin
    title = _wrapped((sheet.title,) if legend else (), font, across + beside.width)
    left, top = beside.width, above.height + title.height
    size = (left + across, top + row * len(sheet.rows) - sheet.margin)
    image = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(image)
    _write(pen, title.lines[:1], [(size[0] // 2, title.height // 2)], font)
    middles = [left + place * column + wide // 2 for place in range(len(sheet.columns))]
    _write(pen, above.lines, [(x, title.height + above.height // 2) for x in middles], font)
    middles = [top + place * row + high // 2 for place in range(len(sheet.rows))]
    _write(pen, beside.lines, [(beside.width // 2, y) for y in middles], font)
    for y, cells in enumerate(sheet.cells):
        for x, cell in enumerate(cells):
            image.paste(_fitted(cell, wide, high), (left + x * column, top + y * row))
    return image


def side_by_side(sheets: Sequence[Rgb | Held], titles: Sequence[str], margin: int) -> Image.Image:
    """Sheets in one row, each with its title above (none where titles are empty)."""
    letters = max(_SMALLEST_FONT + 2, min(sum(sheets[0].size) // 48, 36))
    row = Sheet([list(sheets)], titles, margin=margin, legend=any(titles), letters=letters)
    return draw(row)


def tiled(pictures: Sequence[Rgb]) -> Image.Image:
    """Several pictures of one cell as one, in a square as far as that goes."""
    if len(pictures) == 1:
        return pictures[0]
    across = next(number for number in range(1, 100) if number * number >= len(pictures))
    rows = [list(pictures[at : at + across]) for at in range(0, len(pictures), across)]
    blank = Image.new("RGB", pictures[0].size, _PAPER)
    rows[-1] += [blank] * (across - len(rows[-1]))
    names = ("",) * across, ("",) * len(rows)
    return draw(Sheet(rows, *names, legend=False))


def _cell_size(sheet: Sheet) -> tuple[int, int]:
    sizes = [cell.size for row in sheet.cells for cell in row if not isinstance(cell, Gap)]
    return (max(w for w, _ in sizes), max(h for _, h in sizes)) if sizes else (256, 256)


def _share(sheet: Sheet, wide: int, high: int) -> float:
    """How much smaller cells become, so that the sheet is not too large; words count roughly."""
    across = (wide + sheet.margin) * (len(sheet.columns) + 1)
    down = (high + sheet.margin) * (len(sheet.rows) + 1)
    side = LONGEST_SIDE / max(across, down)
    area = (MOST_PIXELS / (across * down)) ** 0.5
    return min(1.0, side, area)


def _fitted(cell: Rgb | Held | Gap, wide: int, high: int) -> Image.Image:
    """A cell at its size: smaller pictures stand in the middle."""
    found = cell.load() if isinstance(cell, Held) else cell
    if isinstance(found, Gap):
        return _gap(found.reason, wide, high)
    picture = found.convert("RGB")
    if picture.width > wide or picture.height > high:
        picture.thumbnail((wide, high), Image.Resampling.LANCZOS)
    if picture.size == (wide, high):
        return picture
    ground = Image.new("RGB", (wide, high), _PAPER)
    ground.paste(picture, ((wide - picture.width) // 2, (high - picture.height) // 2))
    return ground


def _gap(reason: str, wide: int, high: int) -> Image.Image:
    """A field that is crossed out, with the reason as far as it fits."""
    image = Image.new("RGB", (wide, high), _GAP)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, wide - 1, high - 1), outline=_GAP_INK, width=max(1, wide // 128))
    font = _font(max(_SMALLEST_FONT, (wide + high) // 36))
    words = _wrapped((reason,), font, wide - wide // 10)
    lines = words.lines[0] if words.lines else []
    fits = max(1, int(high * 0.9) // _line_height(font))
    if len(lines) > fits:
        lines = [*lines[: fits - 1], f"{lines[fits - 1]} …"]
    _write(pen, [lines], [(wide // 2, high // 2)], font, _GAP_INK)
    return image


def _wrapped(texts: Sequence[str], font: ImageFont.FreeTypeFont, width: int) -> _Words:
    """Texts cut into lines of a width; no room at all where all are empty."""
    if not any(texts):
        return _Words()
    pad = int(font.size) // 2
    lines = [_lines(text[:_LONGEST], font, max(width - 2 * pad, 20)) for text in texts]
    longest = max((font.getlength(line) for one in lines for line in one), default=0)
    most = max(len(one) for one in lines)
    return _Words(lines, int(longest) + 2 * pad, most * _line_height(font) + 2 * pad)


def _lines(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """At spaces if there are some, else in the middle of words."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}".strip()
        if font.getlength(joined) <= width:
            line = joined
            continue
        lines += [line] if line else []
        line = word
        while font.getlength(line) > width and len(line) > 1:
            fits = next(
                n
                for n in range(len(line) - 1, 0, -1)
                if n == 1 or font.getlength(line[:n]) <= width
            )
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line] if line else lines


def _write(
    pen: ImageDraw.ImageDraw,
    texts: Sequence[Sequence[str]],
    middles: Sequence[tuple[int, int]],
    font: ImageFont.FreeTypeFont,
    ink: str = _INK,
) -> None:
    """Each text around its middle."""
    for lines, (x, y) in zip(texts, middles, strict=False):
        step = _line_height(font)
        begin = y - step * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            pen.text((x, begin + number * step), line, ink, font, anchor="mm")


def _line_height(font: ImageFont.FreeTypeFont) -> int:
    ascent, descent = font.getmetrics()
    return ascent + descent


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
