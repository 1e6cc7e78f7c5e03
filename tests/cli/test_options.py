"""Every option is a field of its request, and every field has one."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from webui.cli.options import COMMANDS, FROM_PICTURES, GROUPS, KINDS, fields_of
from webui.core import requests

PARTS = {"hires", "refiner", "loopback", "soft", "diffusion"}
FROM_FILES = {"image", "references"}
BY_THE_SHELL = {"kind", "file_name"}
NOT_FOR_SHELLS = {
    "extensions",  # values of each extension's own, by JSON
    "folder",  # that is what --out and --outputs-dir are for
    "prompts",  # filled in by extensions
    "negative_prompts",
    "seed_resize_width",  # to repeat pictures of other programs: paste them into the page
    "seed_resize_height",
    "eta_noise_seed_delta",
    "frames",  # the job says how many
}


def part_of(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    kinds: tuple[Any, ...] = get_args(model.model_fields[field].annotation)
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def all_fields(model: type[BaseModel]) -> set[str]:
    """Of parts, their fields with a dot, not they themselves."""
    found: set[str] = set()
    for name in model.model_fields:
        part = part_of(model, name)
        found |= {f"{name}.{inner}" for inner in all_fields(part)} if part else {name}
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_the_fields_of_the_request(command: str) -> None:
    wanted = all_fields(requests.KINDS[KINDS[command]])
    wanted -= FROM_FILES | BY_THE_SHELL | NOT_FOR_SHELLS
    assert fields_of(command) - PARTS == wanted


def test_parts_are_found() -> None:
    assert "hires.scale" in all_fields(requests.Txt2Img)
    assert "hires" not in all_fields(requests.Txt2Img)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_names_the_defaults_of_the_request(command: str) -> None:
    """Where the words end in `(0.75)`, that is what happens without the option."""
    model = requests.KINDS[KINDS[command]]
    checked = 0
    for group in GROUPS[command]:
        for option in group.options.values():
            _, _, said = option.words.removesuffix(")").rpartition("(")
            if not said.replace(".", "").isdecimal():
                continue
            first, _, rest = option.field.partition(".")
            part = part_of(model, first) if rest else model
            assert part is not None
            default = part.model_fields[rest or first].default
            assert float(said) == default, option
            checked += 1
    assert checked >= (3 if command in FROM_PICTURES else 2)
