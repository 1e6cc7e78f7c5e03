"""What goes into the picture editor and comes out of it: pictures, masks, sketches, reloads."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import expect

from tests.browser.bench import Array, Bench, capsule, encoded, noise


def test_the_picture_is_given_back_byte_for_byte(bench: Callable[..., Bench]):
    data = encoded(noise(64, 48), "JPEG", quality=80, comment=b"as it was")
    one = bench().open(mode="mask").load(data, "cat.jpg")
    one.stroke((10, 10), (50, 30))
    assert one.file("picture") == data
    assert one.ask("e.size()") == {"width": 64, "height": 48}
    one.ask("e.clear()")
    assert not one.ask("e.hasPicture()")
    assert one.ask("e.size()") is None
    assert one.ask("e.bounds()") is None
    assert one.file("picture") is None
    expect(one.page.locator(".invite")).to_be_visible()


def rotated(picture: Image.Image) -> bytes:
    """A JPEG that asks to be shown turned by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture, "JPEG", quality=100, subsampling=0, exif=exif)


def test_a_rotated_photo_is_painted_as_it_is_shown(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(rotated(noise(60, 40)), "photo.jpg")
    assert one.ask("e.size()") == {"width": 40, "height": 60}
    one.brush(1)
    one.stroke((3.5, 57.5))
    mask = one.mask()
    assert mask.shape == (60, 40)
    assert np.argwhere(mask).tolist() == [[57, 3]]


def test_server_and_page_agree_how_a_webp_is_turned(bench: Callable[..., Bench]):
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    exif[0x0112] = 6
    before = noise(60, 40)
    one = bench().open(mode="mask").load(encoded(before, "WEBP", lossless=True, exif=exif))
    size = one.ask("e.size()")
    data = one.file("picture")
    assert data is not None
    seen = Image.open(io.BytesIO(data))
    assert ImageOps.exif_transpose(seen).size == (size["width"], size["height"])
    assert np.array_equal(np.asarray(seen.convert("RGB")), np.asarray(before))
    for kept in (encoded(before, "WEBP", lossless=True), encoded(before, "WEBP", exif=b"Exif")):
        one.load(kept)
        assert one.file("picture") == kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "AVIF"])
def test_a_rotated_picture_is_sketched_on_as_it_is_shown(bench: Callable[..., Bench], kind: str):
    exif = Image.Exif()
    exif[0x0112] = 6
    flat = Image.new("RGBA" if kind == "PNG" else "RGB", (60, 40), (0, 90, 0))
    flat.paste((90, 0, 0), (0, 0, 30, 40))  # the left half, shown as the upper one
    one = bench().open(mode="sketch").load(encoded(flat, kind, exif=exif))
    assert one.ask("e.size()") == {"width": 40, "height": 60}
    one.brush(4)
    one.stroke((5, 55))
    after = sketch(one)[..., :3].astype(int)
    assert after.shape == (60, 40, 3)
    assert np.abs(after[:28] - (90, 0, 0)).max() < 12
    assert np.abs(after[32:50] - (0, 90, 0)).max() < 12
    assert after[55, 5, 0] > 200


def sketch(one: Bench) -> Array:
    data = one.file("picture")
    assert data is not None
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    return np.asarray(picture)


def filtered(values: Array, parts: int = 3) -> bytes:
    """A PNG of RGBA whose rows use every filter in turn, its data in several chunks."""
    height, width, _ = values.shape
    rows = bytearray()
    above = np.zeros((width, 4), np.int64)
    for y, row in enumerate(values.astype(np.int64)):
        left = np.vstack([np.zeros((1, 4), np.int64), row[:-1]])
        corner = np.vstack([np.zeros((1, 4), np.int64), above[:-1]])
        distances = np.abs([above - corner, left - corner, left + above - 2 * corner])
        nearest = np.argmin(distances, axis=0)  # the first of equals: left, above, corner
        paeth = np.choose(nearest, [left, above, corner])
        guess = [0, left, above, (left + above) // 2, paeth][y % 5]
        rows += bytes([y % 5]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        above = row
    packed = zlib.compress(bytes(rows))
    size = -(-len(packed) // parts)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))]
    chunks += [(b"IDAT", packed[i : i + size]) for i in range(0, len(packed), size)]
    chunks += [(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def test_translucent_pixels_are_left_to_the_bit(bench: Callable[..., Bench]):
    values = np.asarray(noise(90, 70, "RGBA")) // 60 * 60  # guesses are often equal
    data = filtered(values)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), values)
    one = bench().open(mode="sketch").load(data)
    one.brush(1)
    one.stroke((10.5, 10.5))
    after = sketch(one)
    differ = np.argwhere((after != values).any(-1))
    assert differ.tolist() == [[10, 10]]


def test_a_damaged_picture_is_sketched_on_as_it_is_shown(bench: Callable[..., Bench]):
    whole = np.asarray(noise(90, 70, "RGBA")).copy()
    whole[..., 3] = 255
    data = encoded(Image.fromarray(whole))
    one = bench().open(mode="sketch").load(data[: len(data) * 2 // 3])
    one.brush(3)
    one.stroke((10.5, 10.5))
    after = sketch(one)
    assert after.shape == whole.shape
    differ = np.argwhere((after[:30] != whole[:30]).any(-1))
    assert differ.min() >= 8
    assert differ.max() <= 12


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_a_sketch_changes_only_what_is_painted(bench: Callable[..., Bench], mode: str):
    # Through every filter of PNG rows: noise beside a gradient.
    values = np.asarray(noise(300, 200, "RGBA")).copy()
    values[:100, :, :] = np.arange(300, dtype=np.uint16)[None, :, None] // 2
    before = Image.fromarray(values).convert(mode)
    one = bench().open(mode="sketch").load(encoded(before))
    assert one.file("picture") == encoded(before)
    one.page.locator(".colour").fill("#1289fe")
    one.brush(20)
    one.stroke((40, 60), (240, 160))
    after = sketch(one)
    changed = (after != np.asarray(before.convert("RGBA"))).any(-1)
    assert not changed[~capsule(300, 200, (40, 60), (240, 160), 10.75)].any()
    inner = capsule(300, 200, (40, 60), (240, 160), 9.5)
    assert (after[inner] == (0x12, 0x89, 0xFE, 255)).all()
    assert one.mask()[changed].min() == 255
    assert not one.mask()[~capsule(300, 200, (40, 60), (240, 160), 10.75)].any()
    one.act("eraser")
    one.stroke((40, 60), (240, 160))
    one.page.keyboard.press("Control+z")
    assert np.array_equal(sketch(one), after)
    one.act("wipe")
    assert one.file("picture") == encoded(before)


def test_paint_at_half_opacity_is_half_and_does_not_add_up(bench: Callable[..., Bench]):
    one = bench().open(mode="sketch").load(encoded(Image.new("RGB", (100, 100), (0, 100, 200))))
    one.page.locator(".colour").fill("#ffffff")
    one.page.locator('[data-knob="opacity"] input').fill("0.5")
    one.brush(20)
    one.stroke((30, 50), (70, 50), (30, 50))
    assert np.abs(sketch(one)[50, 50].astype(int) - (128, 178, 228, 255)).max() <= 1
    one.stroke((30, 50), (70, 50))
    assert np.abs(sketch(one)[50, 50].astype(int) - (191, 216, 241, 255)).max() <= 2


def test_a_colour_is_picked_from_what_is_seen(bench: Callable[..., Bench]):
    values = np.zeros((40, 60, 3), np.uint8)
    values[:, :30] = (200, 30, 90)
    one = bench().open(mode="sketch").load(encoded(Image.fromarray(values)))
    one.page.locator(".colour").fill("#102030")
    one.brush(10)
    one.stroke((45, 20))
    one.act("pick")
    one.stroke((10, 20))
    expect(one.page.locator(".colour")).to_have_value("#c81e5a")
    expect(one.page.locator('[data-act="brush"]')).to_have_attribute("aria-pressed", "true")
    one.page.keyboard.down("Alt")
    one.stroke((45, 20))
    one.page.keyboard.up("Alt")
    expect(one.page.locator(".colour")).to_have_value("#102030")
    assert np.count_nonzero(one.mask()) < 100


def swapped_profile() -> bytes:
    """sRGB's profile with red and blue exchanged: what applies it is seen at once."""
    from PIL import ImageCms

    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    tags = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = (
        data[blue + 4 : blue + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_colour_profile_is_kept_and_not_applied(bench: Callable[..., Bench], kind: str):
    profile = swapped_profile()
    before = Image.new("RGB", (64, 64), (200, 40, 90))
    options = {"quality": 100} if kind == "JPEG" else {}
    data = encoded(before, kind, icc_profile=profile, **options)
    one = bench().open(mode="sketch").load(data)
    one.brush(3)
    one.stroke((60, 60))
    sent = one.file("picture")
    assert sent is not None
    after = Image.open(io.BytesIO(sent))
    assert after.info["icc_profile"] == profile
    wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(np.asarray(after.convert("RGB"))[:32].astype(int) - wanted[:32]).max() <= 1
    assert np.array_equal(np.asarray(after.convert("RGB"))[:32], wanted[:32]) or kind == "JPEG"


def test_masks_come_in_any_shape(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(80, 60)))
    grey = noise(80, 60, seed=3).convert("L")
    one.give("loadMask", encoded(grey))
    assert np.array_equal(one.mask(), np.asarray(grey))
    small = np.array([[0, 255], [255, 0]], np.uint8)
    one.give("loadMask", encoded(Image.fromarray(small).convert("1")))
    assert np.array_equal(one.mask(), np.kron(small, np.ones((30, 40), np.uint8)))
    expect(one.page.locator(".notice")).to_contain_text("2 × 2")
    kept = one.file("mask")
    one.give("loadMask", b"no picture at all", "words.txt")
    assert one.file("mask") == kept
    expect(one.page.locator(".notice")).to_contain_text("words.txt")
    one.give("loadMask", encoded(Image.new("L", (80, 60))))
    assert one.file("mask") is None
    expect(one.page.locator(".notice")).to_contain_text("black")
    one.page.keyboard.press("Control+z")


def test_a_mask_is_saved_and_loaded_again(bench: Callable[..., Bench], tmp_path: Path):
    one = bench().open(mode="mask").load(encoded(noise(90, 70)), "my cat.png")
    one.stroke((20, 20), (60, 50))
    kept = one.file("mask")
    with one.page.expect_download() as saved:
        one.act("save")
    assert saved.value.suggested_filename == "my cat-mask.png"
    saved.value.save_as(tmp_path / "mask.png")
    assert (tmp_path / "mask.png").read_bytes() == kept
    one.act("wipe")
    assert one.file("mask") is None
    with one.page.expect_file_chooser() as chosen:
        one.act("load")
    chosen.value.set_files(tmp_path / "mask.png")
    one.page.wait_for_function("e.hasMask()")
    assert one.file("mask") == kept


def test_a_picture_is_chosen_dropped_or_pasted(bench: Callable[..., Bench], tmp_path: Path):
    one = bench().open(mode="view")
    (tmp_path / "one.png").write_bytes(encoded(noise(30, 20)))
    with one.page.expect_file_chooser() as chosen:
        one.page.locator(".invite").click()
    chosen.value.set_files(tmp_path / "one.png")
    one.page.wait_for_function("e.size()?.width === 30")
    give = """([text, kind]) => {
      const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "x.png", { type: "image/png" }));
      const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      (kind === "drop" ? e.element.querySelector(".view") : document.body).dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    for kind, width in (("drop", 31), ("paste", 32)):
        text = base64.b64encode(encoded(noise(width, 20))).decode()
        assert one.page.evaluate(give, [text, kind])
        one.page.wait_for_function(f"e.size()?.width === {width}")
    one.ask("e.element.hidden = true, e.element.style.display = 'none'")
    assert not one.page.evaluate(give, [base64.b64encode(encoded(noise(9, 9))).decode(), "paste"])
    assert one.ask("e.size().width") == 32


def test_what_is_no_picture_leaves_all_as_it_was(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(50, 50)), "good.png")
    one.stroke((10, 10))
    kept = (one.file("picture"), one.file("mask"))
    for bad in (b"", b"not a picture", encoded(noise(50, 50))[:20]):
        one.load(bad, "bad.png")
        assert (one.file("picture"), one.file("mask")) == kept
        expect(one.page.locator(".notice")).to_contain_text("bad.png")


def test_another_picture_keeps_the_mask_if_asked(bench: Callable[..., Bench]):
    one = bench().open(mode="mask").load(encoded(noise(50, 50)))
    one.stroke((10, 10), (30, 30))
    mask = one.mask()
    one.load(encoded(noise(50, 50, seed=8)), keepMask=True)
    assert np.array_equal(one.mask(), mask)
    one.page.keyboard.press("Control+z")
    assert one.file("mask") is None
    one.page.keyboard.press("Control+y")
    one.act("in")
    place = one.place()
    one.load(encoded(noise(50, 50, seed=9)), keepMask=True)  # as an accepted result does
    assert one.place() == place
    one.load(encoded(noise(100, 100)), keepMask=True)
    assert one.place() != place
    assert np.array_equal(one.mask(), np.kron(mask, np.ones((2, 2), np.uint8)))
    one.load(encoded(noise(100, 100)))
    assert one.file("mask") is None


@pytest.mark.parametrize("mode", ["mask", "sketch"])
def test_all_survives_a_reload(bench: Callable[..., Bench], mode: str):
    one = bench().open(mode=mode, key="try").load(encoded(noise(600, 300)), "kept.png")
    one.brush(33)
    one.stroke((50, 50), (400, 250))
    kept = (one.file("picture"), one.file("mask"))
    one.wait_for_kept("try.paint", "kept?.tiles.size")
    one.page.reload()
    one.open(mode=mode, key="try")
    assert (one.file("picture"), one.file("mask")) == kept
    assert one.ask("e.picture().then(file => file.name ?? '')") in ("kept.png", "")
    one.page.reload()
    one.open(mode=mode, key="another")
    assert not one.ask("e.hasPicture()")
    other = encoded(noise(600, 300, seed=4))
    one.open(mode=mode, key="try").load(other)
    one.wait_for_kept("try.picture", f"kept?.size === {len(other)}")
    one.wait_for_kept("try.paint", "kept?.tiles.size === 0")
    one.page.reload()
    one.open(mode=mode, key="try")
    assert one.file("mask") is None  # another picture, without the old one's paint
    one.ask("e.clear()")
    one.wait_for_kept("try.picture", "!kept")
    one.page.reload()
    one.open(mode=mode, key="try")
    assert not one.ask("e.hasPicture()")


def test_the_last_picture_asked_for_is_the_one(bench: Callable[..., Bench]):
    one = bench().open(mode="view")
    pictures = [Image.new("RGB", (4000, 4000)), noise(20, 20)]
    one.page.evaluate(
        """async texts => {
          const bytes = texts.map(text => Uint8Array.from(atob(text), c => c.charCodeAt(0)));
          await Promise.all(bytes.map(one => e.load(new Blob([one]))));
        }""",
        [base64.b64encode(encoded(picture)).decode() for picture in pictures],
    )
    assert one.ask("e.size()") == {"width": 20, "height": 20}
