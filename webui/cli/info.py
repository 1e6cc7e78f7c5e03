"""`webui info`: the parameters in picture files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from webui.cli.words import worded
from webui.core.errors import UserError
from webui.library.pictures import read_infotext
from webui.prompt.infotext import parse_infotext
from webui.prompt.pasting import to_request_fields


def run(options: argparse.Namespace, language: str) -> int:
    """Print them; the exit code is 1 if a file has none or cannot be read."""
    read = [_show(path, "json" in options, language) for path in options.files]
    return 0 if all(read) else 1


def _show(path: Path, as_json: bool, language: str) -> bool:
    try:
        infotext = _read(path)
    except UserError as error:
        if as_json:
            print(json.dumps({"file": str(path), "problem": error.problem.model_dump()}))
        print(f"webui: {path}: {worded(error.problem, language)}", file=sys.stderr)
        return False
    if as_json:
        parameters = parse_infotext(infotext)
        fields = to_request_fields(parameters)
        told = {"infotext": infotext, "parameters": dict(parameters.values), "fields": fields}
        print(json.dumps({"file": str(path), **told}))
    else:
        print(f"{path}\n{infotext}\n")
    return True


def _read(path: Path) -> str:
    """A file's infotext.

    Raises:
        UserError: it cannot be opened, is no picture, or has no parameters.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError("cannot_read", name=str(path), reason=error.strerror or "?") from error
    infotext = read_infotext(data).infotext
    if not infotext:
        raise UserError("no_parameters")
    return infotext
