"""`webui animate`: the plan of an animation, worked out without a model."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from webui.cli.animation_files import heard_here, missing_sound, with_tables, wrong_files
from webui.core.errors import UserError
from webui.core.texts import text
from webui.jobs.listening import SERIES
from webui.motion.judging import judged
from webui.timeline.footage import CLIP, MASK_CLIP, length
from webui.timeline.frames import finding_data, frame_plan, frames_data, plan_data
from webui.timeline.output import SOUNDTRACK
from webui.timeline.plan import Plan, plan_of
from webui.timeline.problems import Finding, finding
from webui.timeline.settings_file import Settings, read_settings
from webui.video.reading import film_info

WIDTHS = (6, 3, 11, 5, 7, 6)
"""Columns of the table that a person reads; the prompt takes the rest."""


def run(options: argparse.Namespace, language: str) -> int:
    """Print the plan of each file; the exit code is 2 if any has an error."""
    planned = [_show(path, "json" in options, language) for path in options.files]
    return 0 if all(planned) else 2


def _show(path: Path, as_json: bool, language: str) -> bool:
    made = _checked(path)
    ok = isinstance(made, Plan) and made.ok
    if as_json:
        _print_json(path, made, language)
        return ok
    findings = [*made.errors, *made.warnings] if isinstance(made, Plan) else [made]
    for found in findings:
        print(f"{path}: {finding_data(found, language)['message']}", file=sys.stderr)
    if isinstance(made, Plan) and made.ok:
        print("\n".join([str(path), *_table(made, language)]))
    return ok


def _print_json(path: Path, made: Plan | Finding, language: str) -> None:
    """One line, frame by frame, as a long animation's would not fit into memory."""
    planned = isinstance(made, Plan)
    data = plan_data(made, language) if planned else _broken(made, language)
    head = json.dumps({"file": str(path), **data, "frames": []}, allow_nan=False)
    sys.stdout.write(head.removesuffix("]}"))
    frames = frames_data(made, range(made.frames)) if planned and made.ok else ()
    for number, frame in enumerate(frames):
        sys.stdout.write(f"{', ' if number else ''}{json.dumps(frame, allow_nan=False)}")
    sys.stdout.write("]}\n")


def _checked(path: Path) -> Plan | Finding:
    """The plan of a file, with all that keeps it from being drawn; or why there is none."""
    made = read_plan(path)
    if isinstance(made, Finding):
        return made
    plan, folder = judged(made), path.parent
    return replace(
        plan,
        errors=(*plan.errors, *wrong_files(folder, plan)),
        warnings=(*plan.warnings, *missing_sound(folder, plan)),
    )


def read_plan(path: Path) -> Plan | Finding:
    """The plan of a file, whatever its pictures and films are; or why there is none."""
    try:
        settings = read_settings(path.read_bytes().decode("utf-8"))
        settings, errors = _with_series(path.parent, settings)
        plan = plan_of(settings, footage=_footage(path.parent, settings.values))
        return replace(plan, errors=(*errors, *plan.errors))
    except OSError as error:
        reason = error.strerror or "?"
        return finding("settings", "cannot_read", None, name=str(path), reason=reason)
    except UnicodeDecodeError as error:
        return finding("settings", "settings_encoding", error.start)


def _with_series(folder: Path, settings: Settings) -> tuple[Settings, list[Finding]]:
    """The settings with what their series take from tables and sounds of this machine."""
    given = {"compat": settings.compat, "fps": settings.values["fps"]}
    given |= {name: settings.values[name] for name in (SERIES, SOUNDTRACK)}
    heard, problems = heard_here(folder, with_tables(folder, given))
    values = {**settings.values, SERIES: heard[SERIES]}
    found = [Finding((one.field or "").removeprefix("settings."), None, one) for one in problems]
    return replace(settings, values=values), found


def _footage(folder: Path, values: Mapping[str, Any]) -> int | None:
    """How long the clips are that lie where the settings say; others are not counted."""

    def frames_of(name: str) -> int | None:
        try:
            return film_info(folder / name).frames
        except UserError:
            return None

    named = {str(values[one]): str(values[one]) for one in (CLIP, MASK_CLIP) if values[one]}
    return length(values, named, frames_of)


def _broken(found: Finding, language: str) -> dict[str, Any]:
    return {"ok": False, "errors": [finding_data(found, language)], "warnings": []}


def _table(plan: Plan, language: str) -> list[str]:
    """A line a frame; `*` marks those that are generated."""
    head = text("cli.plan_head", language).split("|")
    rows = [head, *(_row(plan, frame) for frame in range(plan.frames))]
    return [
        " ".join([*(cell.rjust(width) for cell, width in zip(row, WIDTHS, strict=False)), row[-1]])
        for row in rows
    ]


def _row(plan: Plan, frame: int) -> list[str]:
    made = frame_plan(plan, frame)
    strength = "-" if made.denoising_strength is None else f"{made.denoising_strength:.3f}"
    prompt = f"{made.prompt} --neg{made.negative_prompt}" if made.negative_prompt else made.prompt
    mark = "*" if made.generated else ""
    numbers = [str(frame), mark, str(made.seed), str(made.steps), strength, f"{made.cfg_scale:g}"]
    return [*numbers, prompt.replace("\n", " ")]
