import time

import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.core.guarding import ExtensionError, Guard, Watched, pictured
from webui.core.isolation import Threads
from webui.core.participants import Participant


def test_failures_are_told_but_for_those_said_on_purpose(capsys):
    told = []
    guard = Guard(failed=lambda name, reason: told.append((name, reason)))

    def refuse() -> None:
        raise UserError("extension_twice", name="y")

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(ExtensionError, match="Extension x: There are two"):
        guard("x", "after", refuse)
    assert told == []
    with pytest.raises(ExtensionError, match="The extension x failed in after: SystemExit: 3"):
        guard("x", "after", leave)
    assert told == [("x", "The extension x failed in after: SystemExit: 3")]
    assert "leave" in capsys.readouterr().err


def test_what_takes_too_long_is_named(capsys):
    guard = Guard(Threads(), seconds={"x": 0.1}.get)
    with pytest.raises(ExtensionError) as raised:
        guard("x", "after", time.sleep, 1)
    assert raised.value.problem.values == {"name": "x", "hook": "after", "seconds": 0.1}
    assert guard("y", "after", time.sleep, 0.2) is None


def test_a_picture_is_to_be_a_picture(capsys):
    class Odd(Participant):
        def image(self, image):
            return "a cat"  # pyright: ignore

    with pytest.raises(ExtensionError, match="str, not a picture"):
        Watched("x", Odd(), Guard()).image(Image.new("RGB", (1, 1)))
    assert pictured(lambda one: one, Image.new("RGB", (2, 1))).size == (2, 1)
