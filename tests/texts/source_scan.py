"""What the source can say to people: every error code with its parameters, every text that is asked for by key.

Reads the source as syntax trees; imports none of it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SKIPPED = {".venv", ".git", "tests", "docs", "build", "dist"}

ERRORS = {"NotFound", "Refused", "NotYours", "Invalid", "Unavailable", "DepartmentUnreachable", "NoPlace", "DoesNotFit"}
PROBLEM = "RowProblem"
OWN_CHECK = "PydanticCustomError"
"""A check of our own inside a value type; a code with a hyphen becomes the code of a row's problem."""


@dataclass
class Raised:
    """One code, with the parameters that every place gives that raises it."""

    params: set[str]
    places: list[str] = field(default_factory=list[str])


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Every source file of the project but the tests, parsed."""
    for path in sorted(ROOT.rglob("*.py")):
        if not SKIPPED.intersection(path.relative_to(ROOT).parts):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def strings() -> set[str]:
    """Every string constant in the source."""
    return {
        node.value
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _passers(trees: Iterable[ast.Module]) -> dict[str, Function]:
    """The functions that are given a ``code`` and raise it, or hand it to one that does."""
    taking = {
        node.name: node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, Function) and any(argument.arg == "code" for argument in _arguments(node))
    }
    found: dict[str, Function] = {}
    while new := {name: one for name, one in taking.items() if name not in found and _passes_on(one, found)}:
        found |= new
    return found


def _passes_on(function: Function, known: Mapping[str, Function]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node.func) in {*ERRORS, PROBLEM, *known}:
            given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
            if any(isinstance(value, ast.Name) and value.id == "code" for value in given):
                return True
    return False


class _Module:
    """One file: its error calls, and its calls of functions that pass a code on."""

    def __init__(self, tree: ast.Module, passers: dict[str, Function]) -> None:
        self.tree = tree
        self.passers = passers

    def raised(self) -> Iterator[tuple[str, set[str], int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield from self._of_call(node)

    def _of_call(self, call: ast.Call) -> Iterator[tuple[str, set[str], int]]:
        name = _name(call.func)
        if name in ERRORS and call.args:
            params = {keyword.arg for keyword in call.keywords if keyword.arg}
            for code in self._codes(call.args[0], call):
                yield code, params, call.lineno
        elif name == PROBLEM:
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            for code in self._codes(given.get("code"), call):
                yield code, self._keys(given.get("params"), call), call.lineno
        elif name in self.passers:
            yield from self._passed_on(call, self.passers[name])

    def _passed_on(self, call: ast.Call, function: Function) -> Iterator[tuple[str, set[str], int]]:
        """A call of a function that takes a ``code``: what it adds itself, and what the caller gives."""
        names = [argument.arg for argument in _arguments(function) if argument.arg != "self"]
        given = dict(zip(names, call.args, strict=False))
        given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
        own: set[str] = set()
        for inner in ast.walk(function):
            raises = isinstance(inner, ast.Call) and _name(inner.func) in ERRORS
            if isinstance(inner, ast.Call) and raises and not _texts(inner.args[0]):
                own |= {keyword.arg for keyword in inner.keywords if keyword.arg}
        extra = {keyword.arg for keyword in call.keywords if keyword.arg and keyword.arg not in names}
        for code in _texts(given.get("code")):
            yield code, own | extra | self._keys(given.get("params"), call), call.lineno

    def _keys(self, value: ast.expr | None, call: ast.Call) -> set[str]:
        """The keys of a dict literal, or of the dict that a name was given last."""
        if isinstance(value, ast.Dict):
            return {text for key in value.keys for text in _texts(key)}
        if isinstance(value, ast.Name):
            return self._keys(self._assigned(value, call), call)
        return set()

    def _codes(self, value: ast.expr | None, call: ast.Call) -> list[str]:
        """The codes an expression can be; a name stands for what it was given last."""
        if isinstance(value, ast.Name):
            return _texts(self._assigned(value, call))
        return _texts(value)

    def _assigned(self, name: ast.Name, call: ast.Call) -> ast.expr | None:
        """What a name was given last before the call, in the same function."""
        found: ast.expr | None = None
        for node in ast.walk(self._function_of(call)):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.lineno < call.lineno:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == name.id for target in targets):
                    found = node.value
        return found

    def _function_of(self, call: ast.Call) -> ast.AST:
        found: ast.AST = self.tree
        for node in ast.walk(self.tree):
            if isinstance(node, Function) and call in ast.walk(node):
                found = node
        return found

    def own_checks(self) -> Iterator[tuple[str, int]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _name(node.func) == OWN_CHECK:
                for code in _texts(node.args[0]):
                    yield code, node.lineno


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _texts(value: ast.expr | None) -> list[str]:
    """The strings an expression can be, as far as they stand there."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.IfExp):
        return [*_texts(value.body), *_texts(value.orelse)]
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "get":
        return [text for argument in value.args for text in _texts(argument)] + [
            text
            for mapping in ([value.func.value] if isinstance(value.func.value, ast.Dict) else [])
            for item in mapping.values
            for text in _texts(item)
        ]
    if isinstance(value, ast.BoolOp):
        return [text for part in value.values for text in _texts(part)]
    return []


def raised() -> dict[str, Raised]:
    """Every error code of the source, with the parameters that are there wherever it is raised."""
    found: dict[str, Raised] = {}
    files = list(sources())
    passers = _passers(tree for _, tree in files)
    for path, tree in files:
        for code, params, line in _Module(tree, passers).raised():
            known = found.setdefault(code, Raised(set(params)))
            known.params &= params
            known.places.append(f"{path.relative_to(ROOT)}:{line}")
    return found


def own_checks() -> dict[str, str]:
    """The codes of checks of our own inside value types, with one place each."""
    return {
        code: f"{path.relative_to(ROOT)}:{line}"
        for path, tree in sources()
        for code, line in _Module(tree, {}).own_checks()
    }


def noted() -> set[str]:
    """What facts are noted with beside their own columns: the keywords of every ``note(…)`` in the workflows."""
    own = {"actor", "order_id", "due_at"}
    found: set[str] = set()
    for path, tree in sources():
        if path.relative_to(ROOT).parts[0] == "workflows":
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and _name(node.func) in ("note", "_note"):
                    found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found - own
