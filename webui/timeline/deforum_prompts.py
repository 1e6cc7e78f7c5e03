"""Prompts as Deforum makes them of its table of keys, letter by letter."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from webui.timeline import deforum_values, native_values
from webui.timeline.deforum_keyframes import MAX_DIGITS, is_plain
from webui.timeline.expressions import parse
from webui.timeline.problems import FormulaError
from webui.timeline.prompt_texts import (
    MATH,
    PromptError,
    PromptSeries,
    replace_spans,
    weight_formulas,
)

NEGATIVE = "--neg"
Origins = Mapping[str, str]


def table_of_rows(table: Mapping[str, str] | Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """Deforum's table of prompts from rows with `frame`, `prompt` and `negative`."""
    if isinstance(table, Mapping):
        return table
    parts = {
        str(row["frame"]): (str(row.get("prompt", "")), str(row.get("negative", "")))
        for row in table
    }
    return {
        frame: f"{prompt} {NEGATIVE} {negative}" if negative else prompt
        for frame, (prompt, negative) in parts.items()
    }


def merged(prompts: Mapping[str, str], positive: str, negative: str) -> dict[str, str]:
    """Each prompt with the global texts around it, as a run of Deforum also saves them."""
    negative = negative.replace(NEGATIVE, "")
    return {
        key: f"{positive} {prompt} {'' if NEGATIVE in prompt else NEGATIVE} {negative}"
        for key, prompt in prompts.items()
    }


def animated(
    prompts: Mapping[str, str], frames: int, seed: int = 0, origins: Origins | None = None
) -> PromptSeries:
    """The prompts of a 2D, 3D or video run; each holds until the next key.

    Args:
        prompts: key -> merged prompt.
        frames: number of frames.
        seed: the start seed, for the weights of networks only.
        origins: setting -> the text that the user wrote there, for the places of errors.
    """
    if not prompts:
        return _failed(frames, PromptError("prompts", FormulaError("prompts_empty")))
    try:
        keyed = {_frame_without_names(key): key for key in prompts}
    except PromptError as error:
        return _failed(frames, error)
    first = keyed[min(keyed, key=lambda frame: (frame < 0, frame))]
    texts, held = [""] * frames, first
    for frame in range(frames):
        held = keyed.get(frame, held)
        texts[frame] = held
    parameters = [f"prompts.{key}" for key in texts]
    run = _Run(frames - 1, seed, origins or _named(prompts), split)
    return run.series([prompts[key] for key in texts], parameters)


def listed(texts: Sequence[str], parameter: str, seed: int = 0) -> PromptSeries:
    """The prompts of frames whose texts are known, all from one setting."""
    return _Run(len(texts) - 1, seed, {}, split).series(texts, [parameter] * len(texts))


def interpolated(
    prompts: Mapping[str, str], frames: int, seed: int = 0, origins: Origins | None = None
) -> PromptSeries:
    """The prompts of an Interpolation run; between two keys both, weighted, joined by AND."""
    if not prompts:
        return _failed(frames, PromptError("prompts", FormulaError("prompts_empty")))
    try:
        keyed = {_frame_of_interpolation(key, frames): key for key in prompts}
        for key in prompts:
            _parts(key, prompts[key])
        texts, parameters = _blended(prompts, keyed, frames)
    except PromptError as error:
        return _failed(frames, error)
    run = _Run(frames, seed, origins or _named(prompts), split_weighted)
    return run.series(texts, parameters)


def origins_of(prompts: Mapping[str, str], positive: str, negative: str) -> Origins:
    """Setting -> text, as the user wrote them, before they are merged."""
    around = {"animation_prompts_positive": positive, "animation_prompts_negative": negative}
    return {**_named(prompts), **around}


def _named(prompts: Mapping[str, str]) -> Origins:
    return {f"prompts.{key}": prompt for key, prompt in prompts.items()}


def split(text: str) -> tuple[str, str]:
    """Positive and negative of a prompt; all that follows the first `--neg` is negative."""
    positive, *negatives = text.split(NEGATIVE)
    negative = "".join(negatives).strip()
    return positive.strip(), f" {negative}" if negative else ""


def split_weighted(text: str) -> tuple[str, str]:
    """Positive and negative of a prompt in Interpolation mode, blanks between them kept."""
    positive, _, negative = text.strip().partition(NEGATIVE)
    return positive, negative


def _failed(frames: int, error: PromptError) -> PromptSeries:
    return PromptSeries(("",) * frames, ("",) * frames, (error.finding(),))


def _frame_without_names(key: str) -> int:
    """A key of a 2D or 3D run; Deforum gives its formula no names."""
    if key.isascii() and key.isdigit() and len(key) <= MAX_DIGITS:
        return int(key)
    return _frame(key, {})


def _frame_of_interpolation(key: str, frames: int) -> int:
    if is_plain(key):
        if "." in key or key in "+-" or len(key) > MAX_DIGITS:
            raise PromptError(f"prompts.{key}", FormulaError("schedule_key", found=key))
        return int(key)
    return _frame(key, {"max_f": np.asarray(frames)})


def _frame(key: str, variables: Mapping[str, Any]) -> int:
    try:
        return int(np.asarray(deforum_values.evaluate(key, variables)).item())
    except FormulaError as error:
        raise PromptError(f"prompts.{key}", error) from None
    except (ValueError, OverflowError, TypeError):
        raise PromptError(f"prompts.{key}", FormulaError("schedule_key", found=key)) from None


def _parts(key: str, text: str) -> tuple[str, str]:
    if text.count(NEGATIVE) > 1:
        place = text.rindex(NEGATIVE)
        raise PromptError(f"prompts.{key}", FormulaError("prompts_negative_twice", place))
    positive, _, negative = text.partition(NEGATIVE)
    return positive, negative


def _blended(
    prompts: Mapping[str, str], keyed: Mapping[int, str], frames: int
) -> tuple[list[str], list[str]]:
    """The texts before formulas are filled in, and the setting that each is of."""
    order = sorted(keyed)
    texts: list[str] = []
    parameters: list[str] = []
    for frame in range(frames):
        place = max(bisect_right(order, frame) - 1, 0)
        start, key = order[place], keyed[order[place]]
        parameters.append(f"prompts.{key}")
        if frame <= start or place + 1 == len(order):
            texts.append(prompts[key])
            continue
        end = order[place + 1]
        weight = (1 / (end - start)) * (frame - start)
        texts.append(_blend(_parts(key, prompts[key]), _parts("", prompts[keyed[end]]), weight))
    return texts, parameters


def _blend(before: tuple[str, str], after: tuple[str, str], weight: float) -> str:
    text = f" ({before[0]}):{1 - weight} AND  ({after[0]}):{weight}"
    negatives = [
        f" ({part}):{share}"
        for part, share in ((before[1], 1 - weight), (after[1], weight))
        if len(part) > 1
    ]
    return f"{text} {NEGATIVE} {' AND '.join(negatives)}" if negatives else text


class _Wrong(Exception):
    """A part of a prompt, with what is wrong in it."""

    def __init__(self, part: str, start: int, error: FormulaError) -> None:
        super().__init__(part)
        self.part = part
        self.start = start
        self.error = error


@dataclass(frozen=True)
class _Run:
    """How the texts of a run become prompts.

    Attributes:
        last: what `max_f` stands for.
        seed: the start seed.
        origins: setting -> the text written there.
        divide: takes a text apart into positive and negative.
    """

    last: int
    seed: int
    origins: Origins
    divide: Callable[[str], tuple[str, str]]

    def series(self, texts: Sequence[str], parameters: Sequence[str]) -> PromptSeries:
        """Positive and negative of each frame, from its text and the setting that it is of."""
        pairs: list[tuple[str, str]] = []
        errors: dict[str, PromptError] = {}
        seen: set[tuple[str, str]] = set()
        for frame, (text, parameter) in enumerate(zip(texts, parameters, strict=True)):
            try:
                filled = self._with_weights(self._with_math(text, frame), frame)
            except _Wrong as wrong:
                filled = ""
                if (parameter, wrong.part) not in seen:
                    seen.add((parameter, wrong.part))
                    error = self._placed(parameter, wrong)
                    errors.setdefault(error.parameter, error)
            pairs.append(self.divide(filled))
        findings = tuple(error.finding() for error in errors.values())
        positive, negative = zip(*pairs, strict=True)
        return PromptSeries(positive, negative, findings)

    def _placed(self, parameter: str, wrong: _Wrong) -> PromptError:
        """The error at its place in what the user wrote, of this key or of another text around."""
        own = {parameter: self.origins.get(parameter, "")}
        for name, text in {**own, **self.origins}.items():
            place = text.find(wrong.part)
            if place >= 0:
                return PromptError(name, wrong.error.moved(place))
        return PromptError(parameter, wrong.error.moved(wrong.start))

    def _with_math(self, text: str, frame: int) -> str:
        """Deforum puts numbers for every letter t, then for max_f, and has the rest computed."""

        def value(start: int, stop: int) -> str:
            formula = text[start + 1 : stop - 1]
            filled = formula.replace("t", str(frame)).replace("max_f", str(self.last))
            try:
                return str(np.asarray(deforum_values.evaluate(filled, {})))
            except FormulaError as error:
                told = FormulaError(error.code, 1, **error.values)
                raise _Wrong(text[start:stop], start, told) from None

        return replace_spans(text, [match.span() for match in MATH.finditer(text)], value)

    def _with_weights(self, text: str, frame: int) -> str:
        """Formulas as weights of networks; Deforum leaves them to its host, which stops there."""
        variables = {
            "t": np.asarray(float(frame)),
            "max_f": np.asarray(float(self.last)),
            "s": np.asarray(float(self.seed)),
        }

        def value(start: int, stop: int) -> str:
            try:
                number = native_values.evaluate(parse(text[start:stop]), variables, 1)[0]
            except FormulaError as error:
                raise _Wrong(text[start:stop], start, error) from None
            return f"{number:.6g}"

        return replace_spans(text, weight_formulas(text), value)
