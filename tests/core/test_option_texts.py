from typing import Literal

import pytest
from pydantic import BaseModel, Field

from webui.core.guarding import Guard, Watched
from webui.core.option_texts import read_options, said, telling, understood
from webui.core.participants import Participant
from webui.core.pictures import PictureRef

PICTURE = f"sha256:{'a' * 64}"


class Row(BaseModel):
    words: str = ""
    weight: float = 1
    image: PictureRef | None = None


class Options(BaseModel):
    times: int = Field(default=0, le=5)
    share: float = 0.5
    on: bool = False
    mood: Literal["sad", "happy"] = "sad"
    names: list[str] = []
    rows: tuple[Row, ...] = ()
    image: PictureRef | None = None
    images: tuple[PictureRef, ...] = ()


class Silent(Participant):
    pass


class Speaking(Participant):
    def parameters(self):
        return {"x": "y"}


def test_what_differs_is_said_and_understood_again():
    values = {"times": 2, "share": 0.5, "on": True, "mood": "happy", "names": ["a"]}
    texts = said("shout", Options, values)
    plain = {"shout times": "2", "shout on": "True", "shout mood": "happy"}
    assert texts == {**plain, "shout names": '["a"]'}
    read = understood("shout", Options, {**texts, "Steps": "20"})
    assert read == {"times": 2, "on": True, "mood": "happy", "names": ["a"]}


def test_lists_are_said_without_the_pictures_in_them():
    rows = [{"words": "ż, ó", "image": PICTURE}, {"weight": 2}]
    texts = said("shout", Options, {"rows": rows, "image": PICTURE, "images": [PICTURE]})
    assert texts == {"shout rows": '[{"words": "ż, ó"}, {"weight": 2.0}]'}
    read = understood("shout", Options, texts)
    usual = {"words": "", "weight": 1.0, "image": None}
    assert read == {"rows": [{**usual, "words": "ż, ó"}, {**usual, "weight": 2.0}]}


@pytest.mark.parametrize("text", ["[", "7", '[{"weight": "much"}]'])
def test_lists_that_cannot_be_read_are_none(text):
    assert understood("shout", Options, {"shout rows": text}) is None


def test_values_are_read_by_the_names_that_another_program_gave_them():
    names = {"Volume": "times", "Loud": "on"}
    assert read_options(Options, names, {"Volume": "3"}) == {"times": 3}
    assert read_options(Options, names, {"Volume": "9"}) is None
    assert read_options(Options, names, {"times": "3"}) is None


def test_what_does_not_fit_is_neither_said_nor_understood():
    assert said("shout", Options, {"times": 9}) == {}
    assert understood("shout", Options, {"shout times": "9"}) is None
    assert understood("shout", Options, {"Steps": "20"}) is None
    assert understood("shout", Options, {"shouts times": "1"}) is None


def test_who_speaks_for_himself_is_left_alone():
    texts = {"silent": {"silent times": "1"}, "speaking": {"speaking times": "1"}}
    there = [Watched("silent", Silent(), Guard()), Watched("speaking", Speaking(), Guard())]
    [teller] = telling(texts, there)
    assert teller.parameters() == {"silent times": "1"}
    assert telling({"speaking": {"speaking times": "1"}}, there) == []
