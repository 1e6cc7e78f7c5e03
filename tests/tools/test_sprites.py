"""Cut-outs from emoji packages."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("resvg_py", reason="the extra `train` is not installed")

from tools.demo.sprites import (
    SIZE,
    file_pictures,
    fit,
    icon_pictures,
    load_sprites,
    save_sprites,
)


def test_a_cut_out_fills_the_square_on_its_long_side() -> None:
    image = Image.new("RGBA", (300, 200))
    image.paste((255, 0, 0, 255), (100, 50, 180, 90))
    alpha = np.asarray(fit(image))[..., 3]
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    assert (columns[0], columns[-1]) == (0, SIZE - 1)
    assert rows[-1] - rows[0] + 1 == SIZE // 2
    assert rows[0] == SIZE // 4


def test_pictures_are_found_by_their_plain_code(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    Image.new("RGBA", (20, 20), (0, 0, 255, 255)).save(tmp_path / "assets" / "2764-fe0f.webp")
    found = file_pictures(tmp_path, ["2764", "1f34e"])
    assert set(found) == {"2764"}
    assert np.asarray(found["2764"])[72, 72].tolist() == pytest.approx([0, 0, 255, 255], abs=3)


def test_icons_are_drawn(tmp_path: Path) -> None:
    body = '<rect x="2" y="2" width="4" height="4" fill="#00ff00"/>'
    icons = {"icons": {"heart": {"body": body}}, "width": 8, "height": 8}
    (tmp_path / "icons.json").write_text(json.dumps(icons), encoding="utf-8")
    (tmp_path / "chars.json").write_text('{"2764-fe0f": "heart"}', encoding="utf-8")
    found = icon_pictures(tmp_path, ["2764", "1f34e"])
    assert set(found) == {"2764"}
    assert np.asarray(found["2764"])[72, 72].tolist() == [0, 255, 0, 255]


def test_sprites_come_back_from_disk(tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 4, 4), dtype=np.uint8))
    save_sprites({"flat": {"2764": image}}, tmp_path / "sprites.npz")
    loaded = load_sprites(tmp_path / "sprites.npz")
    assert np.array_equal(np.asarray(loaded["flat"]["2764"]), np.asarray(image))
