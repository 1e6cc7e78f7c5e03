import time

import pytest
from PIL import Image

from webui.core.errors import UserError
from webui.core.guarding import ExtensionError, Guard, Watched, WatchedFamily, blamed, pictured
from webui.core.isolation import Threads
from webui.core.participants import Participant


def test_failures_are_told_but_for_those_said_on_purpose(capsys):
    told = []
    guard = Guard(failed=lambda name, problem: told.append((name, problem.message)))

    def refuse() -> None:
        raise UserError("extension_twice", name="y")

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(ExtensionError, match="Extension x: There are two") as raised:
        guard("x", "after", refuse)
    assert raised.value.problem.cause == UserError("extension_twice", name="y").problem
    assert told == []
    with pytest.raises(ExtensionError, match="^Extension x: There are two"):
        guard("x", "patched", lambda: guard("x", "after", refuse))
    with pytest.raises(ExtensionError, match="^Extension y: Extension x: There are two"):
        guard("y", "patched", lambda: guard("x", "after", refuse))
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


def test_a_family_that_cannot_load_is_named(capsys):
    class Family:
        name = "made"

        def load(self, info, device, progress):
            raise ValueError(f"no {info} on {device}")

    family = WatchedFamily("x", Family(), Guard())
    assert family.name == "made"
    with pytest.raises(ExtensionError, match="extension x failed in load: ValueError: no a on b"):
        family.load("a", "b", print)


def test_whose_code_failed_is_seen_where_nobody_guarded_it():
    code = "def bend(x):\n    return 1 / x"
    module = {"__name__": "easel_extensions.bender.worker"}
    exec(code, module)  # as a function that it put into a network
    with pytest.raises(ZeroDivisionError) as raised:
        module["bend"](0)  # pyright: ignore
    named = blamed(raised.value)
    assert named and named.problem.code == "extension"
    assert named.problem.values["name"] == "bender" and named.problem.values["hook"] == "bend"
    with pytest.raises(ValueError, match="ours") as ours:
        raise ValueError("ours")
    assert blamed(ours.value) is None
