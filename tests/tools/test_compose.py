"""The samples of the demo model's data set."""

from collections import Counter

import numpy as np
from PIL import Image

from tests.tools.tiny import BALL, BOX, COUNTS, disc, tiny_composer
from tools.demo.compose import CAPTIONS, SIZE, set_sprite
from tools.demo.words import Subject


def test_every_kind_is_made_as_often_as_asked() -> None:
    counts = Counter(sample.kind for sample in tiny_composer().samples())
    assert counts == {
        "still": 2 * COUNTS["still"],
        "flat": 2,
        "cartoon": 2,
        "backdrop": 2 * COUNTS["backdrop"],
        "painted": COUNTS["painted"],
    }


def test_samples_are_the_same_again_and_differ_with_the_seed() -> None:
    first, again, other = (list(tiny_composer(seed).samples()) for seed in (0, 0, 1))
    assert [one.captions for one in first] == [one.captions for one in again]
    assert all(
        np.array_equal(np.asarray(a.image), np.asarray(b.image))
        for a, b in zip(first, again, strict=True)
    )
    assert any(
        not np.array_equal(np.asarray(a.image), np.asarray(b.image))
        for a, b in zip(first, other, strict=True)
    )


def test_a_sample_shows_what_its_captions_say() -> None:
    for sample in tiny_composer().samples():
        assert len(sample.captions) == CAPTIONS
        assert sample.image.size == (SIZE, SIZE)
        red, _, blue = np.asarray(sample.image)[64, 64].astype(int).tolist()
        says_blue_ball = any("blue ball" in one or "niebieska" in one for one in sample.captions)
        assert (blue > red) == says_blue_ball == (sample.kind == "painted")


def test_a_backdrop_is_coloured_and_said_in_every_caption() -> None:
    sample = next(one for one in tiny_composer().samples() if one.kind == "backdrop")
    red, _, blue = np.asarray(sample.image)[2, 2].astype(int).tolist()
    assert blue > red + 50
    assert all(
        "on a blue background" in one or "na niebieskim tle" in one for one in sample.captions
    )


def half_disc() -> Image.Image:
    sprite = disc((200, 0, 0))
    sprite.paste((0, 0, 0, 0), (0, 0, 72, 144))
    return sprite


def right_side_share(subject: Subject) -> float:
    shares = []
    for seed in range(40):
        image = Image.new("RGB", (SIZE, SIZE), (255, 255, 255))
        set_sprite(image, half_disc(), subject, np.random.default_rng(seed))
        painted = np.asarray(image)[..., 1] < 128
        shares.append(painted[:, 64:].sum() > painted[:, :64].sum())
    return float(np.mean(shares))


def test_only_what_may_be_mirrored_is_mirrored_and_seldom() -> None:
    assert right_side_share(BOX) == 1
    assert 0.5 < right_side_share(BALL) < 1


def test_a_full_frame_subject_reaches_every_edge() -> None:
    subject = Subject(emoji="🌅", en=["sunset"], pl=["zachód słońca"], full=True)
    image = Image.new("RGB", (SIZE, SIZE), (255, 255, 255))
    tile = Image.new("RGBA", (144, 144), (200, 80, 0, 255))
    set_sprite(image, tile, subject, np.random.default_rng(0))
    assert (np.asarray(image) == (200, 80, 0)).all()
