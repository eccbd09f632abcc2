"""A fingerprint of code: of everything that a function can reach in this project, and nothing else.

It follows names: from a function to the functions, classes, constants and data files that it names, and on from those.
It ignores what cannot change an outcome: comments, layout, docstrings, type annotations of functions, and texts for
people.
"""

import ast
import csv
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property, partial
from io import StringIO
from pathlib import Path
from typing import Any

_ROOMS = Path(__file__).resolve().parents[2]
# Not followed: code that reads, keeps and shows tables, and code that reads and checks settings and code lists; their
# content is compared instead.
_BORDERS = (
    "assets.automation",
    "assets.framework",
    "dakl_pipeline.presentation",
    "dakl_pipeline.reference.agreement",
    "dakl_pipeline.reference.code_lists.cached_per_code_lists",
    "dakl_pipeline.reference.code_lists.in_use",
    "dakl_pipeline.reference.loading",
    "dakl_pipeline.reference.methodology",
    "dakl_pipeline.reference.rows",
    "resources",
)
# An attribute of the result of these functions is the code list of that name.
_CODE_LISTS = {"in_use", "package"}
_DATA_FILE = re.compile(r"[\w-]+\.(csv|toml)")
# Arguments, attributes and columns that hold texts for people.
_TEXTS = {"description", "source_description"}
_TEXT_COLUMNS = {"source", "description", "label", "report_label", "how_to", "province", "inhabitants_2023"}
_ATTEMPTS = 10
_Definition = tuple[str, str]
# A module, a name in it, an attribute of that name.
_Use = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Reach:
    """Everything that some code can reach.

    Attributes:
        fingerprint: Digest of it, 64 hexadecimal characters; the same for the same meaning.
        files: Names of the data files in it.
    """

    fingerprint: str
    files: frozenset[str]


class Code:
    """The source code of the project.

    Args:
        root: The folder with the packages.
        borders: Packages, modules and names in them that are not followed.
    """

    def __init__(self, root: Path = _ROOMS, *, borders: Iterable[str] = _BORDERS) -> None:
        self._root = root
        self._borders = tuple(borders)
        self._modules: dict[str, _Module | None] = {}

    def reach(self, *roots: object, without: Iterable[object] = ()) -> Reach:
        """Everything that some functions, classes or values can reach.

        Args:
            roots: Functions, classes, partial functions, or dataclasses that hold them.
            without: Tables that are read: their content is compared, so their contracts need not be.
        """
        values: list[str] = []
        waiting = [found for root in roots for found in self._of_value(root, values)]
        reached, left_out = set[_Definition](), {name for table in without for name in _names_of(table)}
        files: set[str] = set()
        while waiting:
            definition = waiting.pop()
            if definition in reached or definition in left_out:
                continue
            reached.add(definition)
            module = self._module(definition[0])
            if module is not None:
                waiting += self._named_by(module, definition[1])
                files |= module.files(definition[1])
        digest = hashlib.sha256("\n".join(sorted(values)).encode())
        for module_name, name in sorted(reached):
            module = self._module(module_name)
            if module is not None and (meaning := module.meaning(name)):
                digest.update(f"{module_name}.{name}\0{meaning}\0".encode())
        for file in sorted(files):
            for path in self._data_files.get(file, ()):
                digest.update(f"{file}\0{_content(path)}\0".encode())
        return Reach(digest.hexdigest(), frozenset(files))

    @cached_property
    def _data_files(self) -> Mapping[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for path in sorted((self._root / "dakl_pipeline").rglob("*.*")):
            if path.suffix in (".csv", ".toml"):
                found.setdefault(path.name, []).append(path)
        return found

    def _of_value(self, value: object, values: list[str]) -> Iterator[_Definition]:
        """The definitions that a value stands for; any other value is added to ``values``, as text."""
        if isinstance(value, partial):
            for part in (value.func, *value.args, *value.keywords.values()):
                yield from self._of_value(part, values)
        elif isinstance(value, tuple | list):
            for part in value:
                yield from self._of_value(part, values)
        elif is_dataclass(value) and not isinstance(value, type):
            yield from self._of_value(type(value), values)
            for each in fields(value):
                if each.name not in _TEXTS:
                    yield from self._of_value(getattr(value, each.name), values)
        elif (name := getattr(value, "__qualname__", None)) is not None and hasattr(value, "__module__"):
            # A nested definition counts as its outermost definition, a lambda as its whole module.
            outer = name.partition(".")[0]
            yield value.__module__, "*" if outer == "<lambda>" else outer
        else:
            values.append(repr(value))

    def _named_by(self, module: "_Module", name: str) -> Iterator[_Definition]:
        for owner, used, attribute in module.uses(name):
            if used is not None and self._module(f"{owner}.{used}") is not None:
                owner, used = f"{owner}.{used}", None
            # A module that is named without an attribute may be used in full.
            found = owner, used or attribute or "*"
            if self._is_project(owner) and ".".join(found) not in self._borders:
                yield found

    def _is_project(self, module: str) -> bool:
        if any(module == border or module.startswith(f"{border}.") for border in self._borders):
            return False
        return self._module(module) is not None

    def _module(self, name: str) -> "_Module | None":
        if name not in self._modules:
            path = self._root.joinpath(*name.split("."))
            paths = (path.with_suffix(".py"), path / "__init__.py")
            source = next((each for each in paths if each.is_file()), None)
            self._modules[name] = _parsed(name, source.read_bytes()) if source else None
        return self._modules[name]


@cache
def code() -> Code:
    """The code that runs."""
    return Code()


class _Module:
    """One module: the statements that bind its names, and what each of those uses."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name = name
        self._bound: dict[str, list[ast.stmt]] = {}
        self._imports: dict[str, tuple[str, str | None]] = {}
        self._calls: list[ast.stmt] = []
        self._uses: dict[str, set[_Use]] = {}
        self._meanings: dict[str, str] = {}
        for statement in _without_docstring(tree.body):
            self._bind(statement)

    def meaning(self, name: str) -> str:
        """The code of a name as it runs; empty for an imported name."""
        if name not in self._meanings:
            self._meanings[name] = "\n".join(ast.dump(_Meaning().visit(each)) for each in self._with_calls(name))
        return self._meanings[name]

    def files(self, name: str) -> set[str]:
        """The data files that the code of a name uses: named as text, or as an attribute of the code lists."""
        found = set()
        for node in (node for each in self._statements(name) for node in ast.walk(each)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DATA_FILE.fullmatch(node.value):
                found.add(node.value)
            elif isinstance(node, ast.Attribute) and _is_call_of(node.value, _CODE_LISTS):
                found.add(f"{node.attr}.csv")
        return found

    def uses(self, name: str) -> set[_Use]:
        """Everything that the code of a name uses: a module, a name in it, and the attribute used, if any."""
        if name not in self._uses:
            self._uses[name] = set(self._used(name))
        return self._uses[name]

    def _used(self, name: str) -> Iterator[_Use]:
        if name in self._imports:
            yield *self._imports[name], None
        for statement in self._with_calls(name):
            inside = _imports(statement)
            yield from ((*each, None) for each in inside.values())
            known = {**self._imports, **inside}
            nodes = list(ast.walk(statement))
            asked = {id(node.value): node.attr for node in nodes if isinstance(node, ast.Attribute)}
            for node in nodes:
                if isinstance(node, ast.Name) and node.id in self._bound:
                    yield self._name, node.id, None
                elif isinstance(node, ast.Name) and node.id in known:
                    yield *known[node.id], asked.get(id(node))

    def _with_calls(self, name: str) -> list[ast.stmt]:
        found = self._statements(name)
        return [*found, *(each for each in self._calls if each not in found)] if found else []

    def _statements(self, name: str) -> list[ast.stmt]:
        if name == "*":
            return [each for bound in self._bound.values() for each in bound] + self._calls
        return self._bound.get(name, [])

    def _bind(self, statement: ast.stmt) -> None:
        imported = _imports(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._imports |= imported
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._bound.setdefault(statement.name, []).append(statement)
        else:
            names = list(_bound_by(statement))
            self._imports |= imported
            for name in names:
                self._bound.setdefault(name, []).append(statement)
            if not names and not imported:
                # Runs for its side effects, so it belongs to every name of the module.
                self._calls.append(statement)


@cache
def _parsed(name: str, source: bytes) -> _Module:
    return _Module(name, _tree(source))


def _tree(source: bytes) -> ast.Module:
    for _ in range(_ATTEMPTS):
        # CPython 3.11 fails when a destructor or a thread parses another tree meanwhile (gh-106905).
        with suppress(SystemError):
            return ast.parse(source)
    return ast.parse(source)


class _Meaning(ast.NodeTransformer):
    """Removes everything that does not change what the code does."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._plain(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._plain(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self.generic_visit(_copied(node, body=_without_docstring(node.body) or [ast.Pass()]))

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(arg=node.arg)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.generic_visit(_copied(node, keywords=[each for each in node.keywords if each.arg not in _TEXTS]))

    def _plain(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        return self.generic_visit(_copied(node, body=_without_docstring(node.body) or [ast.Pass()], returns=None))

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit a copy: the tree is used again."""
        return super().generic_visit(_copied(node))


def _copied(node: ast.AST, **changed: object) -> ast.AST:
    parts = {
        name: list(v) if isinstance(v := getattr(node, name), list) else v
        for name in node._fields
        if hasattr(node, name)
    }
    return type(node)(**{**parts, **changed})


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else list(body)


def _imports(statement: ast.stmt) -> dict[str, tuple[str, str | None]]:
    """The names that a statement imports, each with its module and its name there."""
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0]: (each.name, None) for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {each.asname or each.name: (node.module, each.name) for each in node.names}
    return found


def _is_call_of(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The names that an assignment, or a condition with definitions in it, may bind."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def _names_of(table: Any) -> Iterator[_Definition]:
    """The names bound to a table in the module of its contract."""
    module = sys.modules[table.schema.__module__]
    return ((module.__name__, name) for name, value in vars(module).items() if value is table)


def _content(path: Path) -> str:
    """The content of a data file, regardless of layout."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        return json.dumps(tomllib.loads(text), sort_keys=True, default=str)
    rows = csv.DictReader(StringIO(text))
    return json.dumps([{k: (v or "").strip() for k, v in row.items() if k not in _TEXT_COLUMNS} for row in rows])
