"""A command of the shell: webui extensions run example_commands greet NAME."""

from argparse import ArgumentParser, Namespace

from webui.ext import Command, hookimpl


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("who")


def greet(given: Namespace) -> int:
    print(f"Hello {given.who}")
    return 0


@hookimpl
def register_commands() -> list[Command]:
    return [Command("greet", "say hello", greet, arguments)]
