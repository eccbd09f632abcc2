"""The words of the glossary in the code: a name that is gone stays gone."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.reference.methodology import Methodology
from resources.config.environment import Environment
from tests.support.paths import ROOT

_SECTION = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").partition("## Names that are gone")[2]
GONE = {
    name
    for line in _SECTION.splitlines()
    if line.startswith("| `")
    for name in re.findall("`([^`]+)`", line.split("|")[1])
}
MODULES = [
    path
    for room in ("dakl_pipeline", "assets", "resources", "tests", "benchmarks")
    for path in (ROOT / room).rglob("*.py")
]


def _is_gone(name: str) -> bool:
    return any(fnmatch(name.strip("_").lower(), each) for each in GONE)


def _names(path: Path) -> Iterator[str]:
    """The module, its functions and classes, its own names, and the attributes of its classes."""
    yield path.stem
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef | ast.Module):
            for each in node.body:
                targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_the_glossary_names_what_is_gone() -> None:
    assert {"made_of", "set_aside*", "judge_*", "obey"} <= GONE
    assert _is_gone("_set_aside_reason")
    assert not _is_gone("excluded")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_name_of_the_code_is_gone(path: Path) -> None:
    assert [name for name in _names(path) if _is_gone(name)] == []


def test_no_column_asset_or_setting_is_gone() -> None:
    tables = (*TABLES.values(), *HISTORY_TABLES)
    names = [part for table in tables for part in (table.asset, *table.name.split("."), *table.column_names)]
    names += [*Methodology.model_fields, *Environment.model_fields]
    assert [name for name in names if _is_gone(name)] == []
