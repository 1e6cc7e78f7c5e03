"""The command line: `webui`, `python -m webui`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from webui.cli.parser import read_arguments

SERVED = ("download", "merge", "convert")
"""Actions of `webui models` that are jobs for a server; the others need none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a letter
    options = read_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        code = run(options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def run(options: argparse.Namespace) -> int:
    """The command; what it needs is imported only here, so that `--help` is quick."""
    if options.command == "doctor":
        from webui import doctor

        options.port = options.port or 7860
        return doctor.run(options)
    from webui.cli.words import shell_language

    language = shell_language()
    if options.command in (None, "serve"):
        from webui.app import serve

        return serve(options, language)
    if options.command == "animate" and "plan" in options:
        from webui.cli import animate

        return animate.run(options, language)
    if options.command == "warp":
        from webui.cli import warp

        return warp.run(options, language)
    if options.command == "info":
        from webui.cli import info

        return info.run(options, language)
    if options.command == "jobs":
        from webui.cli import jobs

        return jobs.run(options, language)
    if options.command == "extensions":
        from webui.cli import extensions

        return extensions.run(options, language)
    if options.command == "models" and options.action not in SERVED:
        from webui.cli import models

        return models.run(options, language)
    from webui.app import open_door
    from webui.cli import download, generate, merge

    if options.command == "models" and options.action == "download":
        return download.run(options, lambda: open_door(options), language)
    if options.command == "models":
        return merge.run(options, lambda: open_door(options), language)
    return generate.run(options, lambda: open_door(options), language)


if __name__ == "__main__":
    sys.exit(main())
