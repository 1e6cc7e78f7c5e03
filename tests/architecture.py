"""Reads the tree's imports and shape by their syntax; says where docs/architecture.md is broken.

Every check takes what it looks at and yields sentences, so that each can be tried on made-up code.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# Floors of each house from the ground up: imports go to a lower floor, or stay in the package.
HOUSES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ground floor": (
        ("torch_build",),
        ("core",),
        ("prompt", "timeline", "imaging", "video"),
        ("library", "motion", "sound", "plots"),
    ),
    "server house": (("doctor", "jobs"), ("api", "ui", "cli"), ("app",), ("__main__",)),
    "worker house": (
        ("models",),
        ("engine",),
        ("training", "animation", "ext_worker"),
        ("worker",),
    ),
}
HEAVY = (
    "torch",
    "torchvision",
    "torchaudio",
    "torchsde",
    "diffusers",
    "transformers",
    "accelerate",
)
HEAVY += ("peft", "safetensors.torch")
MAX_FUNCTION, MAX_FILE = 60, 400


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported, wherever in the file, by statement or by call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            name = node.args[0]
            if called in ("import_module", "__import__") and isinstance(name, ast.Constant):
                yield node.lineno, str(name.value)


def place(module: str) -> tuple[str, int] | None:
    """House and floor of ``webui.engine.noise``; None for webui itself and webui.ext."""
    part = module.split(".")[1] if module.startswith("webui.") else ""
    for house, floors in HOUSES.items():
        for number, names in enumerate(floors):
            if part in names:
                return house, number
    return None


def check_imports(module: str, tree: ast.AST) -> Iterator[str]:
    """The houses' rules for one module of webui."""
    own = place(module)
    for line, name in imports(tree):
        target = place(name)
        where = f"{module}:{line} imports {name}"
        heavy = any(within(name, library) for library in HEAVY)
        if heavy and (own is None or own[0] != "worker house"):
            yield f"{where}: only the worker house may"
        if target is None or module.split(".")[1:2] == name.split(".")[1:2]:
            continue
        if own is None and target[0] != "ground floor":
            yield f"{where}: {module} belongs to the ground floor"
        elif own and target[0] not in (own[0], "ground floor"):
            yield f"{where}: {own[0]} must not know {target[0]}"
        elif own and target[0] == own[0] and target[1] >= own[1]:
            yield f"{where}: that is not further down"


def server_side(trees: Mapping[str, ast.AST]) -> set[str]:
    """The files of extensions that are loaded beside the page: `server` and what it imports.

    Args:
        trees: by the path of the file.
    """
    found: set[str] = set()
    waiting = [name for name in trees if Path(name).stem == "server"]
    while waiting:
        name = waiting.pop()
        if name in trees and name not in found:
            found.add(name)
            waiting += [str(Path(name).with_name(f"{one}.py")) for one in siblings(trees[name])]
    return found


def siblings(tree: ast.AST) -> Iterator[str]:
    """Names of the modules beside this one that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else (alias.name for alias in node.names)


def check_extension_imports(name: str, tree: ast.AST, server: bool) -> Iterator[str]:
    """An extension sees webui.ext, its worker's side webui.ext_worker, too, and nothing else of
    webui; its server side has no torch."""
    for line, imported in imports(tree):
        where = f"{name}:{line} imports {imported}"
        public = within(imported, "webui.ext") or within(imported, "webui.ext_worker")
        if within(imported, "webui") and not public:
            yield f"{where}: extensions import webui.ext only"
        if server and any(within(imported, one) for one in (*HEAVY, "webui.ext_worker")):
            yield f"{where}: only what the worker loads may"


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
MAKERS = ("dict", "list", "set", "defaultdict", "deque", "Counter", "OrderedDict")
MUTATORS = ("append", "extend", "insert", "remove", "pop", "clear", "add", "discard", "update")
MUTATORS += ("setdefault", "popitem", "appendleft", "popleft", "sort", "reverse")


def mutable_globals(tree: ast.Module) -> set[str]:
    """Names that the module binds to a dict, list or set."""
    names: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        value = node.value
        made = isinstance(value, ast.Call) and ast.unparse(value.func).split("[")[0]
        if isinstance(value, MUTABLE) or (made and made.rpartition(".")[2] in MAKERS):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def shared_constants(tree: ast.Module) -> set[str]:
    """Names in capitals that the module takes from another one of ours."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and within(node.module or "", "webui")
        for alias in node.names
        if alias.name.isupper()
    }


def mutations(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each ``name[...] = ``, ``del name[...]``, ``name.append(...)`` and so on."""
    for part in ast.walk(node):
        changed: ast.expr | None = None
        if isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            changed = part.value
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            changed = part.func.value if part.func.attr in MUTATORS else None
        if isinstance(changed, ast.Name):
            yield changed.lineno, changed.id


def is_decorator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it, or one inside it, gives back its argument, as what fills a registry does."""
    for inner in ast.walk(function):
        if isinstance(inner, FUNCTIONS):
            arguments = {argument.arg for argument in inner.args.args}
            returned = [node.value for node in ast.walk(inner) if isinstance(node, ast.Return)]
            if any(isinstance(value, ast.Name) and value.id in arguments for value in returned):
                return True
    return False


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that the function binds itself."""
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    bound = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return arguments | bound


def check_state(name: str, tree: ast.Module) -> Iterator[str]:
    """No `global`, and no module-level collection that a function changes, but for registries."""
    watched = mutable_globals(tree) | shared_constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"{name}:{node.lineno} says global {', '.join(node.names)}"
    outer = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    inner = {id(node) for function in outer for node in ast.walk(function) if node is not function}
    for function in outer:
        if id(function) in inner or is_decorator(function):
            continue
        for line, changed in mutations(function):
            if changed in watched - local_names(function):
                yield f"{name}:{line} {function.name} changes the module's {changed}"


def check_size(name: str, source: str, tree: ast.AST) -> Iterator[str]:
    """A function fits on a screen, a file (of the program, not of its tests) in a sitting."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{name}:{node.lineno} {node.name} has {length} lines of {MAX_FUNCTION}"
    lines = source.count("\n")
    if lines > MAX_FILE and not name.startswith("tests/"):
        yield f"{name} has {lines} lines of {MAX_FILE}"


def check_tests_mirror(sources: Mapping[str, str]) -> Iterator[str]:
    """Each `webui/a/b.py` has its `tests/a/test_b.py`, or its package has `tests/test_a.py`.

    Modules without behaviour (fields, protocols, constants) are held by those who use them.
    """
    for name in sorted(sources):
        path = Path(name)
        if path.parts[:1] != ("webui",) or path.suffix != ".py" or path.stem.startswith("__"):
            continue
        folder = Path("tests", *path.parts[1:-1])
        test = (folder / f"test_{path.name}").as_posix()
        of_package = folder.with_name(f"test_{folder.name}.py").as_posix()
        if not sources.keys() & {test, of_package} and _behaves(sources[name]):
            yield f"{name} has no {test}"


def _behaves(source: str) -> bool:
    """Whether any function does more than say what it is for."""
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(
        not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant)
        for function in functions
        for statement in function.body
    )


# Written in pieces, as this file is read too.
HOSTS = [
    re.escape(".".join(labels))
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("download", "pytorch", "org"),
        ("registry", "npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("conda", "anaconda", "org"),
        ("crates", "io"),
    )
]
UNWANTED = {
    "the host of a registry": re.compile(rf"\b({'|'.join(HOSTS)})\b"),
    "a path of one machine": re.compile(r"(?<![\w/.:>-])/(?:root|work|home|Users)/[\w.]+"),
    "a mark of unfinished work": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"),
}


def check_text(name: str, text: str) -> Iterator[str]:
    """Nothing that holds on one machine only, or asks for work, is in the repository."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in UNWANTED.items():
            if found := pattern.search(line):
                yield f"{name}:{number} has {what}: {found.group()}"
