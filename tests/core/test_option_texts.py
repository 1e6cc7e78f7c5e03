from typing import Literal

from pydantic import BaseModel, Field

from webui.core.guarding import Guard, Watched
from webui.core.option_texts import said, telling, understood
from webui.core.participants import Participant


class Options(BaseModel):
    times: int = Field(default=0, le=5)
    share: float = 0.5
    on: bool = False
    mood: Literal["sad", "happy"] = "sad"
    names: list[str] = []


class Silent(Participant):
    pass


class Speaking(Participant):
    def parameters(self):
        return {"x": "y"}


def test_what_differs_is_said_and_understood_again():
    values = {"times": 2, "share": 0.5, "on": True, "mood": "happy", "names": ["a"]}
    texts = said("shout", Options, values)
    assert texts == {"shout times": "2", "shout on": "True", "shout mood": "happy"}
    read = understood("shout", Options, {**texts, "Steps": "20"})
    assert read == {"times": 2, "on": True, "mood": "happy"}


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
