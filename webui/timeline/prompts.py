"""Prompts in native mode: keys like those of schedules, formulas within, blends between.

A blend of two prompts is composable diffusion: their parts joined by AND with weights that add up.
The networks of all stand once, at the weights that the blend gives them; the negative is that of
the largest part, since AND means nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from webui.timeline import native_values
from webui.timeline.deforum_prompts import NEGATIVE
from webui.timeline.easing import easing_of
from webui.timeline.expressions import parse
from webui.timeline.keyframes import Clock, frame_of
from webui.timeline.problems import Finding, FormulaError
from webui.timeline.prompt_shares import LEAST, Row, shares, weight_series
from webui.timeline.prompt_texts import (
    MATH,
    Part,
    PromptError,
    PromptSeries,
    replace_spans,
    weight_formulas,
)

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*")
_NETWORK = re.compile(r"<(lora|lyco|hypernet):([^<>:]+)(?::([-+]?(?:\d+\.?\d*|\.\d+)))?>")

Table = Mapping[str, str] | Sequence[Mapping[str, Any]]


def native_prompts(
    table: Table, positive: str, negative: str, clock: Clock, blend: str = "step"
) -> PromptSeries:
    """The prompts of all frames.

    Args:
        table: key -> prompt, or rows with `frame`, `prompt` and maybe `negative`, `blend` and
            `weight`.
        positive: put before every prompt.
        negative: put behind every negative prompt.
        clock: what the names in formulas mean.
        blend: the way from key to key: `step`, or the name of an easing.
    """
    findings: list[Finding] = []
    rows = _rows(table, clock, findings)
    if easing_of(blend) is None:
        error = FormulaError("schedule_easing", 0, found=blend)
        findings.append(PromptError("prompt_blend", error).finding())
    around = _Around(positive, negative, clock)
    made: list[tuple[_Template, _Template]] = []
    for row in rows:
        try:
            made.append(around.templates(row))
        except PromptError as error:
            findings.append(error.finding())
    if findings or not rows:
        empty = ("",) * clock.frames
        return PromptSeries(empty, empty, tuple(findings))
    own = [weight_series(row, clock) if row.weight else None for row in rows]
    of_rows = shares(rows, own, clock.frames, blend)
    pairs = [_at(frame, of_rows[:, frame], made) for frame in range(clock.frames)]
    parts = {row.name: Part(of_rows[place], own[place]) for place, row in enumerate(rows)}
    return PromptSeries(
        tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs), parts=parts
    )


def prompt_keys(table: Table) -> list[str]:
    """The keys of a table, as they are written."""
    rows: Any = table
    return list(rows) if isinstance(table, Mapping) else [str(row["frame"]) for row in rows]


def prompt_weights(table: Table) -> list[str]:
    """The weights that prompts of a table have of their own, as they are written."""
    rows: Any = [] if isinstance(table, Mapping) else table
    return [str(row["weight"]) for row in rows if row.get("weight") not in (None, "")]


def has_ways(table: Table) -> bool:
    """Whether prompts of a table have blends or weights of their own."""
    rows: Any = [] if isinstance(table, Mapping) else table
    return bool(prompt_weights(table)) or any(row.get("blend") for row in rows)


def _rows(table: Table, clock: Clock, findings: list[Finding]) -> list[Row]:
    """The rows in the order of their frames; at one frame the last one counts."""
    found: dict[float, Row] = {}
    items: list[Mapping[str, Any]] = (
        [{"frame": key, "prompt": prompt} for key, prompt in cast(Any, table).items()]
        if isinstance(table, Mapping)
        else list(table)
    )
    for item in items:
        name = str(item["frame"])
        text, _, own_negative = str(item.get("prompt", "")).partition(NEGATIVE)
        negative = [own_negative.replace(NEGATIVE, " "), str(item.get("negative", ""))]
        blend = str(item.get("blend", ""))
        try:
            if blend and easing_of(blend) is None:
                raise FormulaError("schedule_easing", 0, found=blend)
            frame = frame_of(name, 0, clock)
        except FormulaError as error:
            findings.append(PromptError(f"prompts.{name}", error).finding())
            continue
        weight = "" if item.get("weight") is None else str(item["weight"]).strip()
        found[frame] = row = Row(name, frame, text.strip(), _joined(*negative), blend, weight)
        try:
            if weight:
                weight_series(row, clock)
        except FormulaError as error:
            findings.append(PromptError(f"prompts.{name}.weight", error).finding())
    if not items:
        findings.append(PromptError("prompts", FormulaError("prompts_empty")).finding())
    return [found[frame] for frame in sorted(found)]


def _joined(*parts: str) -> str:
    """Texts one after the other, a comma between them where there is none."""
    joined = ""
    for part in (part.strip() for part in parts if part.strip()):
        comma = "" if not joined or joined.endswith(",") else ","
        joined = f"{joined}{comma} {part}".strip()
    return joined


@dataclass(frozen=True)
class _Template:
    """A text whose formulas have a value at every frame."""

    text: str
    spans: list[tuple[int, int]]
    values: Mapping[int, npt.NDArray[np.float64]]

    def at(self, frame: int) -> str:
        return replace_spans(
            self.text, self.spans, lambda start, _: _number(self.values[start][frame])
        )


def _number(value: float) -> str:
    return f"{value:.6g}"


@dataclass(frozen=True)
class _Around:
    """The global texts, and the clock for their formulas."""

    positive: str
    negative: str
    clock: Clock

    def templates(self, row: Row) -> tuple[_Template, _Template]:
        negative = self.negative.replace(NEGATIVE, " ")
        sources = {
            f"prompts.{row.name}": (row.positive, row.negative),
            "animation_prompts_positive": (self.positive,),
            "animation_prompts_negative": (negative,),
        }
        for parameter, texts in sources.items():  # each by itself first, to know whose an error is
            for text in texts:
                try:
                    self._template(text)
                except FormulaError as error:
                    raise PromptError(parameter, error) from None
        return (
            self._template(_joined(self.positive, row.positive)),
            self._template(_joined(row.negative, negative)),
        )

    def _template(self, text: str) -> _Template:
        formulas = {match.span(): match.span(1) for match in MATH.finditer(text)}
        inside = [span for span in formulas]
        for span in weight_formulas(text):
            if not any(start < span[1] and span[0] < stop for start, stop in inside):
                formulas[span] = span
        values = {outer[0]: self._values(text, *inner) for outer, inner in formulas.items()}
        return _Template(text, sorted(formulas), values)

    def _values(self, text: str, start: int, stop: int) -> npt.NDArray[np.float64]:
        try:
            program = parse(text[start:stop])
            values = native_values.evaluate(program, self.clock.variables(), self.clock.frames)
        except FormulaError as error:
            raise error.moved(start) from None
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            frame = int(wrong[0])
            value = str(float(values[frame]))
            raise FormulaError("formula_not_finite", start, frame=frame, value=value)
        return values


def _at(
    frame: int, part: npt.NDArray[np.float64], made: Sequence[tuple[_Template, _Template]]
) -> tuple[str, str]:
    """What reaches the generator: all that have a part, and the negative of the largest one."""
    there: list[int] = np.flatnonzero(part >= LEAST).tolist()
    largest = max(there, key=lambda place: (round(float(part[place]), 9), place))
    parts = [(made[place][0].at(frame), float(part[place])) for place in there]
    return mixed(parts), made[largest][1].at(frame)


def mixed(parts: Sequence[tuple[str, float]]) -> str:
    """Prompts as one, each with its share of it, of which none is 0; equal ones count as one."""
    together: dict[str, float] = {}
    for prompt, part in parts:
        together[prompt] = together.get(prompt, 0.0) + part
    if len(together) == 1:
        return next(iter(together))
    networks: dict[tuple[str, str], float] = {}
    branches: list[str] = []
    for prompt, part in together.items():
        for kind, name, weight in _NETWORK.findall(prompt):
            known = networks.get((kind, name), 0.0)
            networks[kind, name] = known + part * float(weight or 1)
        for text, weight in _branches(_NETWORK.sub("", prompt)):
            branches.append(f"{text} :{_number(weight * part)}".strip())
    tags = "".join(
        f"<{kind}:{name}:{_number(weight)}>" for (kind, name), weight in networks.items()
    )
    return f"{tags}{' ' if tags else ''}{' AND '.join(branches)}"


def _branches(prompt: str) -> list[tuple[str, float]]:
    branches: list[tuple[str, float]] = []
    for part in _AND.split(prompt):
        text, colon, number = part.rpartition(":")
        weight = _WEIGHT.fullmatch(number) if colon else None
        branches.append((text.strip(), float(weight[1])) if weight else (part.strip(), 1.0))
    return branches
