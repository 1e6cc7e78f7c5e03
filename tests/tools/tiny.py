"""A data set and a model small enough to train in a test."""

from pathlib import Path

from PIL import Image, ImageDraw

from tools.demo.compose import Composer
from tools.demo.networks import make_base
from tools.demo.sprites import SIZE, Sprites
from tools.demo.vocabulary import train_tokenizer
from tools.demo.words import Colour, Kind, Library, Phrases, Style, Subject, Words

BALL = Subject(
    emoji="⚽", en=["ball"], pl=["piłka"], paint=("ball", "piłka", "f"), flip=True, stand=True
)
BOX = Subject(emoji="📦", en=["box"], pl=["pudełko"])
COUNTS = {"still": 3, "flat": 1, "cartoon": 1, "backdrop": 2, "painted": 2, "scene": 1, "placed": 1}


def disc(colour: tuple[int, int, int]) -> Image.Image:
    """A cut-out like a sprite: a disc that touches the edges."""
    image = Image.new("RGBA", (SIZE, SIZE))
    ImageDraw.Draw(image).ellipse((0, 0, SIZE - 1, SIZE - 1), fill=(*colour, 255))
    return image


def tiny_words() -> Words:
    style = {"source": "none", "en": ["flat style"], "pl": ["płaski styl"]}
    return Words(
        frames=Phrases(en=["{thing}"], pl=["{name}"]),
        quality=Phrases(en=["8k"], pl=["8k"]),
        styles={
            "three_d": Style.model_validate(style | {"said": 0.0}),
            "flat": Style.model_validate(style | {"said": 1.0}),
            "cartoon": Style.model_validate(style | {"said": 1.0}),
        },
        colours={
            "blue": Colour(
                rgb=(58, 118, 220), hue=215, m="niebieski", f="niebieska", n="n", on="niebieskim"
            )
        },
        scenes={},
        kinds={name: Kind(count=count, first=0.5, last=0.5) for name, count in COUNTS.items()},
    )


def tiny_composer(seed: int = 0) -> Composer:
    red, brown = disc((220, 30, 30)), disc((120, 90, 60))
    pictures = {"26bd": red, "1f4e6": brown}
    sprites: Sprites = {style: pictures for style in ("three_d", "flat", "cartoon")}
    return Composer(Library([BALL, BOX], tiny_words(), {}), sprites, seed)


def tiny_base(state: Path) -> Path:
    """A model with the parts of the shipped one, but hardly any weights, in `state/base`."""
    tokenizer = train_tokenizer(["a ball", "a box", "piłka, płaski styl"], state / "tokenizer", 600)
    make_base(state / "base", tokenizer, unet_channels=(16, 16, 32), vae_channels=(8,) * 4)
    return state / "base"
