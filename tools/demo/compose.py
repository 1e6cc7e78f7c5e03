"""Puts pictures together: a sample is a picture, its captions and its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tools.demo.captions import Content, write_captions
from tools.demo.painting import backdrop, main_hue, repaint
from tools.demo.scenes import Pictures, draw_scene
from tools.demo.sprites import SIZE as SPRITE_SIZE
from tools.demo.sprites import Sprites
from tools.demo.words import Colour, Library, Phrases, Subject, emoji_code, tone_codes

SIZE = 128
CAPTIONS = 8
FLIP_SHARE = 0.25
"""Most stay as they are: a small network that sees both ways equally draws two-headed horses."""
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Sample:
    """`image` is RGB, SIZE x SIZE."""

    image: Image.Image
    captions: list[str]
    kind: str


Plan = Callable[[np.random.Generator], tuple[Image.Image, Content]]


class Composer:
    """Makes the samples of every kind; each sample has a chance of its own, so order is free."""

    def __init__(self, library: Library, sprites: Sprites, seed: int = 0) -> None:
        self.library = library
        self.words = library.words
        self.sprites = sprites
        self.seed = seed
        self.usual = next(iter(library.words.styles))
        self.pictures: Pictures = sprites[self.usual]

    def samples(self) -> Iterator[Sample]:
        """All samples of the data set."""
        for number, (kind, plan) in enumerate(self.plans()):
            rng = np.random.default_rng((self.seed, number))
            image, content = plan(rng)
            yield Sample(image, write_captions(content, self.words, CAPTIONS, rng), kind)

    def plans(self) -> list[tuple[str, Plan]]:
        """What is to be made, in order: the kind, and what makes it."""
        makers = {
            "still": [self._still(subject, self.usual) for subject in self._known()],
            "flat": [self._still(subject, "flat") for subject in self._known("flat")],
            "cartoon": [self._still(subject, "cartoon") for subject in self._known("cartoon")],
            "backdrop": [self._backdrop(one) for one in self._known() if not one.full],
            "painted": [
                self._painted(subject, subject.paint, name)
                for subject in self._known()
                for name, colour in self.words.colours.items()
                if subject.paint is not None
                and colour.hue is not None
                and main_hue(self.pictures[emoji_code(subject.emoji)]) is not None
            ],
            "scene": [self._scene(name) for name in self.words.scenes],
            "placed": [self._placed(name) for name, one in self.words.scenes.items() if one.at],
        }
        return [
            (name, plan)
            for name, kind in self.words.kinds.items()
            for plan in makers[name]
            for _ in range(kind.count)
        ]

    def _known(self, style: str | None = None) -> list[Subject]:
        pictures = self.sprites[style or self.usual]
        return [one for one in self.library.subjects if emoji_code(one.emoji) in pictures]

    def _still(self, subject: Subject, style_name: str) -> Plan:
        style = self.words.styles[style_name]
        pictures = self.sprites[style_name]
        codes = [code for code in tone_codes(subject) if code in pictures]

        def plan(rng: np.random.Generator) -> tuple[Image.Image, Content]:
            sprite = pictures[codes[int(rng.integers(len(codes)))]]
            image = Image.new("RGB", (SIZE, SIZE), WHITE)
            set_sprite(image, sprite, subject, rng)
            return image, Content(Phrases(en=subject.en, pl=subject.pl), style=style)

        return plan

    def _backdrop(self, subject: Subject) -> Plan:
        def plan(rng: np.random.Generator) -> tuple[Image.Image, Content]:
            name, colour = list(self.words.colours.items())[
                int(rng.integers(len(self.words.colours)))
            ]
            image = backdrop(colour, SIZE, rng)
            set_sprite(image, self.pictures[emoji_code(subject.emoji)], subject, rng)
            after = Phrases(en=[f"on a {name} background"], pl=[f"na {colour.on} tle"])
            return image, Content(Phrases(en=subject.en, pl=subject.pl), after)

        return plan

    def _painted(self, subject: Subject, paint: tuple[str, str, str] | None, name: str) -> Plan:
        assert paint is not None
        english, polish, gender = paint
        colour: Colour = self.words.colours[name]
        sprite = repaint(self.pictures[emoji_code(subject.emoji)], colour)
        names = Phrases(en=[f"{name} {english}"], pl=[f"{getattr(colour, gender)} {polish}"])

        def plan(rng: np.random.Generator) -> tuple[Image.Image, Content]:
            image = Image.new("RGB", (SIZE, SIZE), WHITE)
            set_sprite(image, sprite, subject, rng)
            return image, Content(names)

        return plan

    def _scene(self, name: str) -> Plan:
        def plan(rng: np.random.Generator) -> tuple[Image.Image, Content]:
            words = self.words.scenes[name]
            image = draw_scene(name, self.pictures, rng, SIZE)
            return image, Content(Phrases(en=words.en, pl=words.pl))

        return plan

    def _placed(self, name: str) -> Plan:
        standing = [subject for subject in self._known() if subject.stand]

        def plan(rng: np.random.Generator) -> tuple[Image.Image, Content]:
            at = self.words.scenes[name].at
            assert at is not None
            subject = standing[int(rng.integers(len(standing)))]
            image = draw_scene(name, self.pictures, rng, SIZE)
            sprite = _mirrored(self.pictures[emoji_code(subject.emoji)], subject, rng)
            size = int(rng.uniform(66, 84))
            sprite = sprite.resize((size, size), Image.Resampling.LANCZOS)
            spot = (int(64 + rng.uniform(-16, 16) - size / 2), int(124 - size - rng.uniform(0, 8)))
            image.paste(sprite, spot, sprite)
            names = Phrases(en=subject.en, pl=subject.pl)
            return image, Content(names, Phrases(en=[at.en], pl=[at.pl]))

        return plan


def set_sprite(
    image: Image.Image, sprite: Image.Image, subject: Subject, rng: np.random.Generator
) -> None:
    """Put a cut-out near the middle, a little shifted, scaled, turned and mirrored."""
    sprite = _mirrored(sprite, subject, rng)
    if subject.full:
        size, free = SPRITE_SIZE, 2.0  # the rounded corners of the tile fall outside
    else:
        size = int(rng.uniform(104, 120))
        free = (SIZE - 2 - size) / 2
        sprite = sprite.rotate(rng.normal(0, subject.turn / 2), Image.Resampling.BICUBIC)
    sprite = sprite.resize((size, size), Image.Resampling.LANCZOS)
    left, top = ((SIZE - size) / 2 + rng.uniform(-free, free, 2)).astype(int)
    image.paste(sprite, (int(left), int(top)), sprite)


def _mirrored(sprite: Image.Image, subject: Subject, rng: np.random.Generator) -> Image.Image:
    if subject.flip and rng.random() < FLIP_SHARE:
        return sprite.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return sprite
