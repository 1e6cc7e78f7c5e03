"""The emoji as cut-out pictures of one size."""

from __future__ import annotations

import html
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from tools.demo.packages import package_folder
from tools.demo.words import Library, tone_codes

SIZE = 144
FAINT = 8
"""Alpha up to which nothing is seen."""
Sprites = dict[str, dict[str, Image.Image]]
"""Style, then emoji code, to an RGBA picture of SIZE x SIZE that touches two opposite edges."""


def build_sprites(library: Library, state: Path) -> Sprites:
    """Draw every subject in every style; what a set does not have is left out."""
    codes = [code for subject in library.subjects for code in tone_codes(subject)]
    sprites: Sprites = {}
    for name, style in library.words.styles.items():
        source = library.sources[style.source]
        folder = package_folder(state, style.source, source)
        read = file_pictures if source.kind == "files" else icon_pictures
        sprites[name] = read(folder, codes)
    return sprites


def file_pictures(folder: Path, codes: list[str]) -> dict[str, Image.Image]:
    """From a package with one picture file for each emoji."""
    files = {plain_code(path.stem): path for path in sorted((folder / "assets").glob("*.webp"))}
    return {code: fit(Image.open(files[code])) for code in codes if code in files}


def icon_pictures(folder: Path, codes: list[str]) -> dict[str, Image.Image]:
    """From an Iconify package: drawings (SVG) in `icons.json`, emoji codes in `chars.json`."""
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))
    chars = json.loads((folder / "chars.json").read_text(encoding="utf-8"))
    names = {plain_code(code): name for code, name in chars.items()}
    found = {}
    for code in codes:
        icon = icons["icons"].get(names.get(code, ""))
        if icon is not None:
            box = [icon.get(side, icons.get(side, 0)) for side in ("left", "top")]
            box += [icon.get(side, icons.get(side, 16)) for side in ("width", "height")]
            found[code] = fit(draw_icon(icon["body"], box))
    return found


def plain_code(code: str) -> str:
    """An emoji's code as `emoji_code` writes it."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def draw_icon(body: str, box: list[float]) -> Image.Image:
    """Draw the inside of an SVG whose view box is `left top width height`."""
    import resvg_py  # only here: cut-outs that are saved can be used without it

    view = html.escape(" ".join(str(side) for side in box))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{view}">{body}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=svg, width=2 * SIZE, height=2 * SIZE)
    return Image.open(io.BytesIO(bytes(png)))


def fit(picture: Image.Image) -> Image.Image:
    """Cut to what is painted, and centre that in a square of SIZE."""
    picture = picture.convert("RGBA")
    box = Image.fromarray(np.asarray(picture.getchannel("A")) > FAINT).getbbox()
    picture = picture.crop(box)
    scale = SIZE / max(picture.size)
    picture = picture.resize(
        (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
        Image.Resampling.LANCZOS,
    )
    square = Image.new("RGBA", (SIZE, SIZE))
    square.paste(picture, ((SIZE - picture.width) // 2, (SIZE - picture.height) // 2))
    return square


def save_sprites(sprites: Sprites, path: Path) -> None:
    """Write all to one compressed file."""
    arrays = {
        f"{style}/{code}": np.asarray(picture)
        for style, pictures in sprites.items()
        for code, picture in pictures.items()
    }
    half = path.with_suffix(".half.npz")
    np.savez_compressed(half, allow_pickle=False, **arrays)
    half.replace(path)


def load_sprites(path: Path) -> Sprites:
    sprites: Sprites = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            style, code = key.split("/")
            sprites.setdefault(style, {})[code] = Image.fromarray(arrays[key])
    return sprites
