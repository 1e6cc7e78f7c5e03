"""Every text that is asked for exists, every text that exists is asked for, in Python and in JS."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from webui.core.events import Progress, WorkerState
from webui.core.extension import ExtensionState
from webui.core.form_fields import fields_of
from webui.core.intents import INTENTS
from webui.core.kinds import MODEL_KINDS, MODEL_ORDERS
from webui.core.requests import KINDS, Txt2Img
from webui.core.settings import Settings
from webui.core.texts import catalogue
from webui.ui.build import ASSETS
from webui.ui.tabs import TABS

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"(?:ui|settings|error|serve|cli|doctor)\.[\w.]*\w")
PLURAL = {"en": 2, "pl": 3}


def python_files() -> Iterator[Path]:
    yield from (path for top in ("webui", "extensions") for path in (ROOT / top).rglob("*.py"))
    yield ROOT / "launch.py"


def python_texts() -> tuple[set[str], set[str]]:
    """All constant strings, and the beginnings of all strings with gaps."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
    return whole, begun


def script_texts() -> tuple[set[str], set[str]]:
    sources = "".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    whole = set(re.findall(r'"([\w.]+\.[\w.]+)"', sources))
    return whole, set(re.findall(r"`([\w.]+\.)\$\{", sources))


def test_every_text_that_is_asked_for_exists():
    wanted = {key for key in python_texts()[0] | script_texts()[0] if KEY.fullmatch(key)}
    files = re.compile(r".*\.(?:py|js|css|svg|json|toml|log|sqlite)")
    known = catalogue("en")
    missing = {
        key
        for key in wanted - set(known)
        if not files.fullmatch(key) and not any(one.startswith(f"{key}.") for one in known)
    }
    assert not missing


def test_every_text_is_asked_for():
    whole, begun = python_texts()
    in_scripts, begun_in_scripts = script_texts()
    beginnings = tuple(
        one
        for one in begun | begun_in_scripts
        if re.fullmatch(r"[a-z]+\.[\w.]*", one) and one != "error."
    )
    codes = tuple(one for one in begun if re.fullmatch(r"[a-z]+_[a-z_]*", one))

    def is_used(key: str) -> bool:
        code = key.removeprefix("error.")
        return (
            key in whole | in_scripts
            or (code != key and (code in whole or code.startswith(codes)))
            or key.startswith(beginnings)
        )

    assert sorted(key for key in catalogue("en") if not is_used(key)) == []


def test_texts_whose_keys_are_put_together_exist():
    fields = fields_of(Txt2Img)
    every = [one for kind in KINDS.values() for one in fields_of(kind, parts=True)]
    choices_of = {one["name"].rpartition(".")[2]: one.get("choices", []) for one in every}
    named = ("resize_mode", "content", "area", "curve")
    shown = [one for one in fields_of(Settings) if one["name"] != "disabled_extensions"]
    choices = {choice for one in fields + shown for choice in one.get("choices", [])} - {"en", "pl"}
    phases = Progress.model_fields["phase"].annotation
    states = WorkerState.model_fields["state"].annotation
    wanted = {
        *(f"ui.tab.{tab.id}" for tab in TABS),
        *(f"ui.field.{one['name'].rpartition('.')[2]}" for one in every),
        *(f"ui.{name}.{choice}" for name in named for choice in choices_of[name]),
        *(f"ui.kind.{kind}" for kind in KINDS),
        *(f"ui.intent.{intent}{rest}" for intent in INTENTS for rest in ("", ".hint")),
        *(f"settings.{one['name']}" for one in shown),
        *(f"ui.choice.{choice}" for choice in choices),
        *(f"ui.progress.{phase}" for phase in phases.__args__),  # pyright: ignore
        *(f"ui.worker.{state}" for state in states.__args__),  # pyright: ignore
        *(f"ui.extensions.{state}" for state in ExtensionState.__args__),
        *(f"ui.said.{state}" for state in ("finished", "cancelled", "failed", "parked")),
        *(f"ui.models.is.{kind}" for kind in MODEL_KINDS),
        *(f"ui.models.sort.{order}" for order in MODEL_ORDERS),
        *(f"ui.theme.{theme}" for theme in ("system", "light", "dark")),
    }
    assert wanted - set(catalogue("en")) == set()


def test_sentences_that_count_have_all_forms():
    sources = "".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js"))
    counting = set(re.findall(r'tn\("([\w.]+)"', sources))
    assert counting
    for language, forms in PLURAL.items():
        for key in counting:
            assert len(catalogue(language)[key].split("|")) == forms, (language, key)
