"""The house rules on imports: one direction between the rooms, one direction within ``dakl_pipeline``, a light check.

Belongs here: what may know what. Does not belong here: what the code does.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dakl_pipeline.definitions import STAGES

ROOT = Path(__file__).resolve().parents[1]
DOORS = ("dakl_pipeline.cli", "dakl_pipeline.definitions")
OUTSIDE_WORLD = {"os", "pathlib", "shutil", "tempfile", "subprocess", "socket", "time", "getpass", "fcntl", "secrets"}
HEAVY = ("dagster", "dataframely", "duckdb", "pyarrow")

# Part of dakl_pipeline -> the other parts it may know. A part that is not here is free.
PARTS = {
    "reference": {"errors"},
    "errors": set(),
    "redaction": set(),
    "dutch": set(),
    "exports": set(),
    "pseudonyms": {"errors"},
    "municipality": {"reference"},
    "contracts": {"reference"},
    "counting": {"reference", "municipality"},
    "intake": {"reference", "errors", "contracts", "municipality", "counting", "redaction", "dutch"},
    "steps": {"contracts", "reference", "counting", "municipality", "pseudonyms", "errors"},
    "op_orde": {"intake", "reference", "municipality", "errors", "redaction", "dutch"},
    "mail": {"intake", "reference", "errors", "redaction", "dutch"},
    "provenance": set(),
    "operation": {"reference", "dutch"},
    "history": {"contracts", "provenance", "steps"},
    "diagnosis": {"intake", "operation", "provenance"},
    "register_checks": {"contracts"},
    "waiting": {"intake"},
    "checks": {"contracts", "steps", "reference", "errors"},
    "names": {"errors"},
    "places": {"steps", "reference", "errors", "municipality", "names"},
    "figures": {"steps", "reference", "names", "places"},
    "derivation": {"contracts", "steps", "reference", "errors", "provenance", "figures", "places"},
    "markdown": {"dutch", "redaction"},
    "synthetic": {"reference"},
}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


MODULES = {_name(p): p for room in ("dakl_pipeline", "assets", "resources") for p in (ROOT / room).rglob("*.py")}
STATISTICS = sorted(
    n for n in MODULES if _is_within(n, "dakl_pipeline") and not any(_is_within(n, door) for door in DOORS)
)


def _imports(module: str) -> set[str]:
    """Every module that a module imports, anywhere in its code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            # `from package import module` and `from module import name` look the same: take the module if it is one.
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in names if name in MODULES} or {node.module or ""}
    return found


def _forbidden(module: str, *packages: str) -> list[str]:
    return sorted(name for name in _imports(module) for package in packages if _is_within(name, package))


def test_the_rooms_are_found():
    assert {"dakl_pipeline.steps.count", "dakl_pipeline.cli.app", "assets.stage", "resources.home"} <= MODULES.keys()
    assert {"dakl_pipeline.errors", "dakl_pipeline.pseudonyms"} <= set(STATISTICS)
    assert not any(_is_within(module, door) for module in STATISTICS for door in DOORS)


@pytest.mark.parametrize("module", STATISTICS)
def test_the_statistics_know_no_other_room(module):
    assert _forbidden(module, "dagster", "assets", "resources", "typer", *DOORS) == []


@pytest.mark.parametrize("module", STATISTICS)
def test_the_statistics_know_no_outside_world(module):
    assert _forbidden(module, *OUTSIDE_WORLD) == []
    calls = [
        n.func for n in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))) if isinstance(n, ast.Call)
    ]
    names = {c.attr if isinstance(c, ast.Attribute) else getattr(c, "id", "") for c in calls}
    assert not names & {"now", "utcnow", "today", "open", "scan_parquet", "read_parquet", "scan_csv"}


@pytest.mark.parametrize("module", [n for n in sorted(MODULES) if _is_within(n, "resources")])
def test_the_resources_know_the_statistics_only(module):
    assert _forbidden(module, "dagster", "assets", "typer", *DOORS) == []


@pytest.mark.parametrize("module", [n for n in sorted(MODULES) if _is_within(n, "assets")])
def test_the_assets_know_no_door(module):
    assert _forbidden(module, "typer", *DOORS) == []


@pytest.mark.parametrize("part", PARTS)
def test_within_the_statistics_imports_go_one_way(part):
    package = f"dakl_pipeline.{part}"
    allowed = (package, *(f"dakl_pipeline.{other}" for other in PARTS[part]))
    modules = [module for module in STATISTICS if _is_within(module, package)]
    assert modules
    wrong = {
        (module, name)
        for module in modules
        for name in _imports(module)
        if _is_within(name, "dakl_pipeline") and not any(_is_within(name, known) for known in allowed)
    }
    assert wrong == set()


def test_the_parts_have_no_circle():
    left = {part: set(known) for part, known in PARTS.items()}
    while free := [part for part, known in left.items() if not known]:
        left = {part: known - set(free) for part, known in left.items() if part not in free}
    assert left == {}


@pytest.mark.parametrize("module", ["dakl_pipeline.intake.check", "dakl_pipeline.cli.app"])
def test_the_check_of_a_file_starts_light(module):
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_diagram_of_the_architecture_is_the_chain():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", text, flags=re.MULTILINE)
    chain = {(read, table.asset) for stage in STAGES for read in stage.upstream for table in stage.tables}
    assert sorted(drawn) == sorted(chain)
    groups = dict(re.findall(r"^ +subgraph (\w+)\n((?: +\w+\n)+?) +end$", text, flags=re.MULTILINE))
    expected: dict[str, set[str]] = {}
    for stage in STAGES:
        expected.setdefault(stage.group, set()).update(table.asset for table in stage.tables)
    assert {group: set(assets.split()) for group, assets in groups.items() if group in expected} == expected
