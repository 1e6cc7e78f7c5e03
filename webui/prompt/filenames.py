"""Names of result files from a pattern such as `[date]/[number]-[seed]`, with A1111's tokens.

`[seed] [seed_first] [seed_last] [steps] [cfg] [width] [height] [styles] [sampler] [scheduler]
[sampler_scheduler] [model_name] [model_hash] [vae_filename] [clip_skip] [denoising] [user] [date]
[datetime<format><time zone>] [job_timestamp] [prompt] [prompt_no_styles] [prompt_spaces]
[prompt_words] [prompt_hash<8>] [negative_prompt_hash<8>] [full_prompt_hash<8>]
[hasprompt<word|else>] [batch_number] [batch_size] [generation_number] [image_hash<8>] [basename]
[none]`, and `[number]`, the next one of the folder. Tokens that do not exist stay as they are.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from webui.core.requests import Drawing, FromPicture, Request
from webui.core.sampling import schedule_meant

LONGEST_PART = 128
LONGEST_NAME = 240
"""Bytes of a name, which leaves room for `-12.webp` in the 255 that file systems take."""

_TOKEN = re.compile(r"(.*?)(?:\[([^\[\]]+)\]|$)", re.DOTALL)
_ARGUMENT = re.compile(r"(.*)<([^>]*)>", re.DOTALL)
_NO_LETTERS = re.compile(rf"[\s{re.escape(string.punctuation)}]+")
_NUMBER = "\0"
"""Stands for the number until the folder is known."""
_FORBIDDEN = dict.fromkeys([*map(ord, '#<>:"/\\|?*'), *range(1, 32)], "_")
_RESERVED_BY_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Facts:
    """What names can be made of.

    Attributes:
        seed: of this picture; None has none.
        seeds: of all pictures of the job.
        schedule: as used, not "Automatic" where the sampler has its own.
        time: now, in the user's time zone; job_time: the job's begin.
        iteration, batch_index: place of the picture, from 0.
        alone: it is not one of several (of a zip file for instance).
        pixels: gives the picture's raw bytes, asked only for its hash.
    """

    time: datetime
    job_time: datetime
    prompt: str = ""
    negative_prompt: str = ""
    prompt_no_styles: str | None = None
    styles: tuple[str, ...] = ()
    seed: int | None = None
    seeds: tuple[int, ...] = ()
    steps: int = 0
    cfg: float = 0
    width: int = 0
    height: int = 0
    sampler: str = ""
    schedule: str = ""
    model_name: str = ""
    model_hash: str = ""
    vae: str = ""
    clip_skip: int = 1
    denoising: float | None = None
    user: str = ""
    basename: str = ""
    batch_size: int = 1
    batch_count: int = 1
    batch_index: int = 0
    iteration: int = 0
    in_zip: bool = False
    max_words: int = 8
    pixels: Callable[[], bytes] = bytes

    @classmethod
    def of(
        cls,
        request: Request,
        index: int,
        seed: int,
        time: datetime,
        job_time: datetime,
        model_hash: str | None = None,
    ) -> Facts:
        """The facts of one picture of a request whose fields are filled in."""
        if not isinstance(request, Drawing):
            return cls(time, job_time)
        iteration, batch_index = divmod(index, request.batch_size)
        counting = request.variation_strength == 0
        return cls(
            time,
            job_time,
            prompt=request.prompts[index] if request.prompts else request.prompt,
            negative_prompt=request.negative_prompts[index]
            if request.negative_prompts
            else request.negative_prompt,
            seed=seed,
            seeds=tuple(request.seed + n * counting for n in range(request.images)),
            steps=request.steps or 0,
            cfg=request.cfg_scale or 0,
            width=request.width or 0,
            height=request.height or 0,
            sampler=request.sampler or "",
            schedule=schedule_meant(request.sampler, request.schedule) or "",
            model_name=request.model or "",
            model_hash=model_hash or "",
            clip_skip=request.clip_skip or 1,
            denoising=request.strength if isinstance(request, FromPicture) else None,
            batch_size=request.batch_size,
            batch_count=request.batch_count,
            batch_index=batch_index,
            iteration=iteration,
        )


def picture_path(folder: Path, pattern: str, facts: Facts) -> Path:
    """Where a picture goes, its extension still missing; `/` in the pattern makes folders.

    The path never leaves the folder, and every part of it is a name on all systems.
    """
    *folders, name = _filled(pattern, facts, _NUMBER).split("/")
    for part in folders:
        folder /= _clean(part.replace(_NUMBER, ""))
    name = _clean(name) or _NUMBER
    return folder / name.replace(_NUMBER, _numbered(folder, facts.basename))


def plain_name(name: str) -> str:
    """A name that every system takes; empty if nothing is left of it."""
    return _clean(name)


def next_number(folder: Path, basename: str = "") -> int:
    """One more than the largest number with which a name in the folder begins.

    Args:
        basename: look at names that begin with it and a hyphen, behind which the number stands.
    """
    start = f"{basename}-" if basename else ""
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    parts = (
        name.removeprefix(start).rpartition(".")[0] or name.removeprefix(start)
        for name in names
        if name.startswith(start)
    )
    numbers = [int(part.split("-")[0]) for part in parts if re.match(r"\d{1,18}(-|$)", part)]
    return max(numbers, default=-1) + 1


def _numbered(folder: Path, basename: str) -> str:
    number = next_number(folder, basename)
    return f"{basename}-{number:04}" if basename else f"{number:05}"


def _clean(part: str) -> str:
    """A part of a path that every system takes; empty if nothing is left of it."""
    part = part.translate(_FORBIDDEN).strip(" ").rstrip(" .-")
    if _RESERVED_BY_WINDOWS.fullmatch(part):
        part = f"_{part}"
    return part.encode()[:LONGEST_NAME].decode(errors="ignore")


def fill(pattern: str, facts: Facts) -> str:
    """The pattern with its tokens filled in, `[number]` excepted."""
    return _filled(pattern, facts, "[number]")


def _filled(pattern: str, facts: Facts, number: str) -> str:
    pieces: list[str] = []
    for match in _TOKEN.finditer(pattern):
        text, token = match[1], match[2]
        if token is None:
            pieces.append(text)
            continue
        name, arguments = _taken_apart(token)
        if name == "number":
            pieces += [text, number]
        elif name not in _TOKENS:
            pieces += [text, f"[{token}]"]
        elif (value := _TOKENS[name](facts, arguments)) is not None:
            pieces += [text, value]
    return "".join(pieces)


def _taken_apart(token: str) -> tuple[str, list[str]]:
    arguments: list[str] = []
    while match := _ARGUMENT.fullmatch(token):
        token = match[1]
        arguments.insert(0, match[2])
    return token.lower(), arguments


def _part(text: str, spaces: str = " ") -> str:
    text = text.replace(" ", spaces).replace(_NUMBER, "_").translate(_FORBIDDEN)
    return text.lstrip(" ")[:LONGEST_PART].rstrip(" .")


def _words(facts: Facts) -> str:
    words = [word for word in _NO_LETTERS.split(facts.prompt) if word]
    return _part(" ".join(words[: facts.max_words]) or "empty")


def _hash(data: str | bytes, arguments: Sequence[str], length: int = 8) -> str:
    asked = arguments[0] if arguments else ""
    raw = data.encode() if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()[: int(asked[:3]) if asked.isdecimal() else length]


def _datetime(facts: Facts, arguments: Sequence[str]) -> str:
    form, zone, *_ = [*arguments, "", ""]
    time = facts.time
    if zone:
        try:
            time = time.astimezone(ZoneInfo(zone))
        except (KeyError, ValueError, OSError):  # no such zone
            pass
    try:
        return _part(time.strftime(form or "%Y%m%d%H%M%S"))
    except ValueError:  # Windows refuses what it does not know
        return ""


def _has_prompt(facts: Facts, arguments: Sequence[str]) -> str:
    prompt, found = facts.prompt.lower(), ""
    for argument in arguments:
        word, _, otherwise = argument.partition("|")
        found += word.lower() if word.lower() in prompt else otherwise
    return _part(found)


def _batch_number(facts: Facts) -> str | None:
    return None if facts.in_zip or facts.batch_size == 1 else str(facts.batch_index + 1)


def _generation_number(facts: Facts) -> str | None:
    if facts.in_zip or facts.batch_size * facts.batch_count == 1:
        return None
    return str(facts.iteration * facts.batch_size + facts.batch_index + 1)


def _seed(seed: int | None) -> str:
    return "" if seed is None else str(seed)


_TOKENS: Mapping[str, Callable[[Facts, list[str]], str | None]] = {
    "basename": lambda facts, _: _part(facts.basename),
    "seed": lambda facts, _: _seed(facts.seed),
    "seed_first": lambda facts, _: _seed(
        facts.seeds[0] if facts.batch_size > 1 and facts.seeds else facts.seed
    ),
    "seed_last": lambda facts, _: (
        _seed(facts.seeds[-1]) if facts.batch_size > 1 and facts.seeds else None
    ),
    "steps": lambda facts, _: str(facts.steps),
    "cfg": lambda facts, _: str(facts.cfg),
    "width": lambda facts, _: str(facts.width),
    "height": lambda facts, _: str(facts.height),
    "styles": lambda facts, _: _part(
        ", ".join(style for style in facts.styles if style != "None") or "None"
    ),
    "sampler": lambda facts, _: _part(facts.sampler),
    "scheduler": lambda facts, _: _part(facts.schedule.capitalize()),
    "sampler_scheduler": lambda facts, _: _part(f"{facts.sampler} {facts.schedule.capitalize()}"),
    "model_hash": lambda facts, _: _part(facts.model_hash),
    "model_name": lambda facts, _: _part(facts.model_name),
    "vae_filename": lambda facts, _: _part(facts.vae or "NoneType"),
    "date": lambda facts, _: facts.time.strftime("%Y-%m-%d"),
    "datetime": _datetime,
    "job_timestamp": lambda facts, _: facts.job_time.strftime("%Y%m%d%H%M%S"),
    "prompt": lambda facts, _: _part(facts.prompt, spaces="_"),
    "prompt_spaces": lambda facts, _: _part(facts.prompt),
    "prompt_no_styles": lambda facts, _: _part(
        facts.prompt if facts.prompt_no_styles is None else facts.prompt_no_styles
    ),
    "prompt_words": lambda facts, _: _words(facts),
    "prompt_hash": lambda facts, arguments: _hash(facts.prompt, arguments),
    "negative_prompt_hash": lambda facts, arguments: _hash(facts.negative_prompt, arguments),
    "full_prompt_hash": lambda facts, arguments: _hash(
        f"{facts.prompt} {facts.negative_prompt}", arguments
    ),
    "image_hash": lambda facts, arguments: _hash(facts.pixels(), arguments, length=64),
    "hasprompt": _has_prompt,
    "batch_number": lambda facts, _: _batch_number(facts),
    "batch_size": lambda facts, _: str(facts.batch_size),
    "generation_number": lambda facts, _: _generation_number(facts),
    "clip_skip": lambda facts, _: str(facts.clip_skip),
    "denoising": lambda facts, _: str(facts.denoising) if facts.denoising else None,
    "user": lambda facts, _: _part(facts.user),
    "none": lambda facts, _: "",
}
"""Token -> its text; None leaves it out and the text before it too."""
