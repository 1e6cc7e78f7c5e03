"""Simple landscapes, drawn anew each time: `draw_scene("beach", sprites, rng)`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 256
"""Drawn at this size, then made smaller, which smooths the edges."""
Rgb = tuple[int, int, int]
Pictures = dict[str, Image.Image]
SCENES: dict[str, Callable[[Canvas], None]] = {}

DAY_SKY = ((96, 170, 240), (212, 236, 252))
NIGHT_SKY = ((12, 16, 50), (50, 56, 118))
WHITE: Rgb = (255, 255, 255)


class Canvas:
    """A picture in the making, its chance and the cut-outs that may be set into it."""

    def __init__(self, sprites: Pictures, rng: np.random.Generator) -> None:
        self.sprites = sprites
        self.rng = rng
        self.image = Image.new("RGB", (SIDE, SIDE))
        self.draw = ImageDraw.Draw(self.image)

    def near(self, colour: Rgb, spread: float = 8) -> Rgb:
        """A colour close to the one given."""
        red, green, blue = np.clip(np.array(colour) + self.rng.normal(0, spread, 3), 0, 255)
        return int(red), int(green), int(blue)

    def sky(self, top: Rgb, bottom: Rgb) -> None:
        way = np.linspace(0, 1, SIDE)[:, None, None]
        pixels = np.array(self.near(top)) * (1 - way) + np.array(self.near(bottom)) * way
        pixels = np.broadcast_to(pixels, (SIDE, SIDE, 3)).astype(np.uint8)
        self.image.paste(Image.fromarray(pixels))

    def disc(self, x: float, y: float, radius: float, colour: Rgb, glow: Rgb | None = None) -> None:
        if glow is not None:
            mask = Image.new("L", self.image.size)
            box = _box(x, y, 2 * radius)
            ImageDraw.Draw(mask).ellipse(box, fill=130)
            mask = mask.filter(ImageFilter.GaussianBlur(radius * 0.7))
            self.image.paste(Image.new("RGB", self.image.size, glow), mask=mask)
        self.draw.ellipse(_box(x, y, radius), fill=colour)

    def sun(self) -> None:
        self.disc(
            self.rng.uniform(40, 216), self.rng.uniform(34, 62), 19, (255, 220, 90), (255, 242, 180)
        )

    def hills(self, base: float, height: float, colour: Rgb) -> None:
        """A soft line of hills around `base`, filled down to the lower edge."""
        x = np.arange(0, SIDE + 1, 4)
        phase, length = self.rng.uniform(0, 2 * np.pi), self.rng.uniform(0.7, 1.3)
        y = base - height / 2 * np.sin(x / SIDE * 2 * np.pi * length + phase)
        line = zip(x.tolist(), y.tolist(), strict=True)
        self.draw.polygon([(0.0, SIDE), *line, (SIDE, SIDE)], fill=self.near(colour))

    def peak(self, x: float, base: float, height: float, colour: Rgb, snow: bool) -> None:
        """A pointed mountain, with or without a white cap."""
        half = height * self.rng.uniform(0.75, 1.0)
        tip = base - height
        self.draw.polygon([(x - half, base), (x, tip), (x + half, base)], fill=self.near(colour))
        if snow:
            edge = [
                (-0.4, 0.4),
                (-0.2, 0.32),
                (-0.05, 0.46),
                (0.12, 0.32),
                (0.25, 0.44),
                (0.4, 0.4),
            ]
            points = [(x + half * across, tip + height * down) for across, down in edge]
            self.draw.polygon([(x, tip), *points], fill=(246, 249, 253))

    def clouds(self, count: int) -> None:
        for _ in range(count):
            x, y = self.rng.uniform(20, 236), self.rng.uniform(22, 70)
            size = self.rng.uniform(0.8, 1.4)
            for across, down, radius in ((-22, 4, 11), (-8, -3, 16), (10, -1, 14), (24, 5, 10)):
                box = _box(x + across * size, y + down * size, radius * size)
                self.draw.ellipse(box, fill=WHITE)

    def dots(self, count: int, lowest: float, radius: float, colour: Rgb) -> None:
        """Stars or snow."""
        for _ in range(count):
            x, y = self.rng.uniform(0, SIDE), self.rng.uniform(0, lowest)
            self.draw.ellipse(_box(x, y, radius * self.rng.uniform(0.6, 1.3)), fill=colour)

    def water(self, horizon: float, far: Rgb, close: Rgb) -> None:
        self.draw.rectangle((0, horizon, SIDE, SIDE), fill=self.near(far))
        self.draw.rectangle((0, horizon + 28, SIDE, SIDE), fill=self.near(close))

    def thing(self, code: str, x: float, foot: float, size: float) -> None:
        """Set a cut-out so that it stands at `foot`."""
        sprite = self.sprites[code].resize((int(size), int(size)), Image.Resampling.LANCZOS)
        self.image.paste(sprite, (int(x - size / 2), int(foot - size)), sprite)

    def row(self, codes: tuple[str, ...], count: int, feet: tuple[int, int], size: float) -> None:
        """Things from left to right with some disorder, the far ones first and smaller."""
        slots = (np.arange(count) + self.rng.uniform(0.2, 0.8, count)) * SIDE / count
        spots = zip(self.rng.uniform(*feet, count), self.rng.permutation(slots), strict=True)
        for foot, x in sorted(spots):
            near = 0.8 + 0.4 * (foot - feet[0]) / (feet[1] - feet[0])
            self.thing(codes[int(self.rng.integers(len(codes)))], x, foot, size * near)


def _box(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
    return x - radius, y - radius, x + radius, y + radius


def scene(function: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    """Registers a landscape under its function's name."""
    SCENES[function.__name__] = function
    return function


def draw_scene(name: str, sprites: Pictures, rng: np.random.Generator, size: int) -> Image.Image:
    """Draw one landscape of `size` x `size`; half of them come out mirrored."""
    canvas = Canvas(sprites, rng)
    SCENES[name](canvas)
    image = canvas.image.resize((size, size), Image.Resampling.LANCZOS)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image


@scene
def meadow(canvas: Canvas) -> None:
    canvas.sky(*DAY_SKY)
    canvas.clouds(int(canvas.rng.integers(0, 3)))
    canvas.sun()
    canvas.hills(160, 34, (130, 198, 92))
    canvas.hills(200, 26, (96, 176, 70))


@scene
def beach(canvas: Canvas) -> None:
    canvas.sky(*DAY_SKY)
    canvas.sun()
    canvas.water(112, (40, 150, 206), (72, 190, 216))
    canvas.hills(190, 16, (242, 250, 250))
    canvas.hills(200, 16, (240, 214, 150))


@scene
def palm_beach(canvas: Canvas) -> None:
    beach(canvas)
    canvas.row(("1f334",), int(canvas.rng.integers(1, 3)), (215, 240), 140)


@scene
def sea(canvas: Canvas) -> None:
    canvas.sky(*DAY_SKY)
    canvas.clouds(int(canvas.rng.integers(1, 3)))
    canvas.water(120, (30, 110, 190), (36, 130, 205))
    for y in (165, 195, 230):
        x = canvas.rng.uniform(20, 200)
        canvas.draw.rounded_rectangle((x, y, x + 60, y + 6), 3, fill=(150, 205, 240))


@scene
def mountains(canvas: Canvas) -> None:
    _range(canvas, snow=False)
    canvas.hills(205, 24, (86, 156, 84))


@scene
def snowy_mountains(canvas: Canvas) -> None:
    _range(canvas, snow=True)
    canvas.hills(210, 18, (236, 243, 250))


def _range(canvas: Canvas, snow: bool) -> None:
    canvas.sky(*DAY_SKY)
    canvas.peak(canvas.rng.uniform(150, 215), 215, 120, (140, 152, 184), snow)
    canvas.peak(canvas.rng.uniform(50, 110), 215, 165, (98, 114, 146), snow)


@scene
def forest(canvas: Canvas) -> None:
    canvas.sky((150, 205, 245), (225, 244, 235))
    canvas.hills(180, 14, (96, 166, 90))
    canvas.row(("1f332", "1f333"), 4, (170, 190), 90)
    canvas.row(("1f332", "1f333"), 3, (225, 250), 130)


@scene
def starry_night(canvas: Canvas) -> None:
    canvas.sky(*NIGHT_SKY)
    canvas.dots(22, 190, 2.6, (255, 248, 222))
    x, y = canvas.rng.uniform(50, 206), canvas.rng.uniform(50, 80)
    canvas.disc(x, y, 25, (252, 244, 210), (120, 130, 180))
    canvas.hills(215, 26, (20, 28, 52))


@scene
def space(canvas: Canvas) -> None:
    canvas.sky((12, 8, 34), (36, 16, 70))
    canvas.dots(26, SIDE, 2.4, (235, 235, 255))
    canvas.thing("1fa90", canvas.rng.uniform(70, 110), canvas.rng.uniform(125, 160), 105)
    canvas.thing("1f30d", canvas.rng.uniform(170, 200), canvas.rng.uniform(200, 235), 80)


@scene
def underwater(canvas: Canvas) -> None:
    canvas.sky((60, 180, 225), (10, 60, 130))
    canvas.hills(228, 14, (214, 190, 130))
    canvas.row(("1f41f", "1f420"), 2, (110, 130), 80)
    canvas.row(("1f420", "1f41f", "1f419"), 2, (190, 225), 80)
    for _ in range(6):
        x, y = canvas.rng.uniform(10, 246), canvas.rng.uniform(10, 210)
        canvas.draw.ellipse(_box(x, y, 6), outline=(200, 236, 250), width=2)


@scene
def winter(canvas: Canvas) -> None:
    canvas.sky((150, 185, 225), (232, 240, 248))
    canvas.hills(170, 22, (222, 232, 244))
    canvas.row(("1f332",), int(canvas.rng.integers(2, 4)), (185, 215), 95)
    canvas.hills(222, 16, (246, 249, 253))
    canvas.dots(26, SIDE, 4, WHITE)


@scene
def village(canvas: Canvas) -> None:
    canvas.sky(*DAY_SKY)
    canvas.clouds(int(canvas.rng.integers(0, 3)))
    canvas.hills(165, 28, (122, 192, 95))
    canvas.row(("1f333",), 2, (170, 185), 80)
    canvas.row(("1f3e0", "1f3e1"), 2, (205, 235), 105)
