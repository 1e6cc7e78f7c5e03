"""`webui extensions`: what there is, on and off, and the commands that extensions add."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from webui.cli import extension_installs
from webui.cli.connection import Refusal, find_server
from webui.cli.words import worded
from webui.core.errors import Problem, UnknownId, UserError
from webui.core.extension import ExtensionInfo
from webui.core.extension_calls import commands
from webui.core.guarding import Guard
from webui.core.paths import Paths
from webui.core.plugins import Extensions
from webui.core.quarantine import Quarantine
from webui.core.texts import text
from webui.jobs.services import SettingsStore


def run(options: argparse.Namespace, language: str) -> int:
    """Do what the command line says; returns the exit code."""
    paths = Paths.choose(options.data_dir, options.models_dir, options.outputs_dir)
    try:
        return _ACTIONS[options.action](options, paths, language)
    except Refusal as refusal:
        return _complain(refusal.problems, language)
    except UserError as error:
        return _complain([error.problem], language)


def opened(paths: Paths, settings: SettingsStore) -> Extensions:
    """The extensions beside the page, as a server would have them."""
    disabled = settings.get().disabled_extensions
    kept = Quarantine(paths.quarantine)
    return Extensions(paths.extension_folders, "server", disabled, paths.data, quarantine=kept)


def _list(options: argparse.Namespace, paths: Paths, language: str) -> int:
    _tell(opened(paths, SettingsStore(paths.settings)).infos(), options, language)
    return 0


def _release(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """Out of quarantine, by the running server if there is one."""
    extensions = opened(paths, SettingsStore(paths.settings))
    _check_known(extensions, options.names)
    if (server := find_server(paths.server)) is not None:
        with server:
            for name in options.names:
                server.act(f"/extensions/{name}/release")
    for name in options.names:
        extensions.release(name)
    infos = [info for info in extensions.infos() if info.name in options.names]
    _tell(infos, options, language)
    return 0


def _check_known(extensions: Extensions, names: Sequence[str]) -> None:
    known = {info.name for info in extensions.infos()}
    for name in names:
        if name not in known:
            raise UnknownId("unknown_extension", name=name[:100])


def _switch(options: argparse.Namespace, paths: Paths, language: str) -> int:
    """On or off, by the running server if there is one."""
    names: Sequence[str] = options.names
    settings = SettingsStore(paths.settings)
    extensions = opened(paths, settings)
    _check_known(extensions, names)
    if (server := find_server(paths.server)) is not None:
        with server:
            for name in names:
                server.act(f"/extensions/{name}/{options.action}")
    others = set(settings.get().disabled_extensions) - set(names)
    disabled = others if options.action == "enable" else {*others, *names}
    if server is None:
        settings.update(disabled_extensions=sorted(disabled))
    extensions.switch(disabled)
    _tell([info for info in extensions.infos() if info.name in names], options, language)
    return 0


def _run_command(options: argparse.Namespace, paths: Paths, language: str) -> int:
    settings = SettingsStore(paths.settings)
    extensions = opened(paths, settings)
    found = commands(extensions)
    own = {name: command for (whose, name), command in found.items() if whose == options.name}
    word = next(iter(options.words), "")
    if word not in own:
        names = ", ".join(own) or "–"
        raise UnknownId("no_command", name=options.name[:100], command=word[:100], names=names)
    command = own[word]
    prog = f"webui extensions run {options.name} {word}"
    parser = argparse.ArgumentParser(prog=prog, description=command.help)
    guard = Guard()  # a person waits, and may end it
    guard(options.name, word, command.arguments, parser)
    given = parser.parse_args(options.words[1:])
    given.data = paths.data
    return int(guard(options.name, word, command.run, given) or 0)


def _tell(infos: Sequence[ExtensionInfo], options: argparse.Namespace, language: str) -> None:
    for info in infos:
        print(info.model_dump_json() if "json" in options else line(info, language))


def line(info: ExtensionInfo, language: str) -> str:
    """An extension in one line: name, version, state, title, and what is wrong."""
    state = text(f"ui.extensions.{info.state}", language)
    title = info.title.get(language) or info.title.get("en") or ""
    wrong = f"  ({worded(info.problem, language)})" if info.problem else ""
    return f"{info.name:24} {info.version:10} {state:12} {title}{wrong}"


def _complain(problems: Sequence[Problem], language: str) -> int:
    for problem in problems:
        print(f"webui: {worded(problem, language)}", file=sys.stderr)
    return 1


_ACTIONS: dict[str, Callable[[argparse.Namespace, Paths, str], int]] = {
    "list": _list,
    "new": extension_installs.new,
    "check": extension_installs.check,
    "install": extension_installs.install,
    "update": extension_installs.update,
    "remove": extension_installs.remove,
    "restore": extension_installs.restore,
    "enable": _switch,
    "disable": _switch,
    "release": _release,
    "run": _run_command,
}
