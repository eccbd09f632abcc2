"""The architecture rules that import-linter cannot check: no clock, no files, a light check, a true picture.

The allowed imports are in ``pyproject.toml``, checked by ``lint-imports``.
"""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from assets.chain import STAGES
from resources.workflows.opened_home import OpenedHome
from tests.support.paths import ROOT

HEAVY = ("dagster", "dataframely", "duckdb", "pyarrow")
_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
_PURE = next(each["source_modules"] for each in _CONTRACTS if "no clock" in each["name"])


def _modules(package: str) -> list[Path]:
    path = ROOT.joinpath(*package.split("."))
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


PURE_MODULES = [module for package in _PURE for module in _modules(package)]


def test_every_part_of_the_statistics_is_pure():
    parts = {p.stem for p in (ROOT / "dakl_pipeline").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert {f"dakl_pipeline.{part}" for part in parts - {"__init__", "cli", "definitions"}} == set(_PURE)


@pytest.mark.parametrize("module", PURE_MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_statistics_ask_no_clock_and_open_no_file(module: Path):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    assert not names & {"now", "utcnow", "today", "open", "scan_parquet", "read_parquet", "scan_csv"}


@pytest.mark.parametrize("module", ["dakl_pipeline.intake.check", "dakl_pipeline.cli.app"])
def test_the_check_of_a_file_starts_light(module: str):
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_doors_and_chain_open_a_home_and_make_no_store_of_their_own():
    """Only an opened home makes stores."""
    stores = {name for name in vars(OpenedHome) if not name.startswith("_")} - {"home"}
    assert {"deliveries", "warehouse", "reports", "mails"} <= stores
    made = {"DeliveryStore", "ExplanationStore", "RegisterStore", "StageStore", "HistoryStore", "Warehouse"}
    made |= {"ReportStore", "Mailbox", "YearMonitor"}
    found = [
        f"{path.relative_to(ROOT)}: {node.func.id}"
        for room in ("dakl_pipeline/cli", "dakl_pipeline/definitions.py", "assets")
        for path in (sorted((ROOT / room).rglob("*.py")) or [ROOT / room])
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made
    ]
    assert found == []


def test_only_the_terminal_says_who_types():
    """Every use case gets the actor as an argument, so that a portal can pass one too."""
    code = {path: path.read_text(encoding="utf-8") for path in (ROOT / "resources").rglob("*.py")}
    assert [path for path, text in code.items() if "getpass" in text or "getuser" in text] == []


def test_the_diagram_of_the_architecture_is_the_chain():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    arrows = re.findall(r"^ +([\w& ]+) --> ([\w& ]+)$", text, flags=re.MULTILINE)
    drawn = [(start, end) for starts, ends in arrows for start in starts.split(" & ") for end in ends.split(" & ")]
    chain = {(read, table.asset) for stage in STAGES for read in stage.upstream for table in stage.tables}
    assert sorted(drawn) == sorted(chain)
    groups = dict(re.findall(r"^ +subgraph (\w+)\n((?: +\w+\n)+?) +end$", text, flags=re.MULTILINE))
    expected: dict[str, set[str]] = {}
    for stage in STAGES:
        expected.setdefault(stage.group, set()).update(table.asset for table in stage.tables)
    assert {group: set(assets.split()) for group, assets in groups.items() if group in expected} == expected


def test_the_architecture_names_every_room():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        path.parent.relative_to(ROOT).as_posix()
        for top in ("dakl_pipeline", "assets", "resources")
        for path in (ROOT / top).glob("*/__init__.py")
    ]
    assert [room for room in rooms if f"| `{room}/`" not in text] == []


def test_whether_a_text_holds_a_number_of_a_person_is_asked_in_one_place():
    """Patterns of eight or more digits elsewhere only describe the form of a whole value in a column of numbers."""
    pattern = re.compile(r"(?:\[0-9\]|\\d)\{+(?:8|9|10)\b")
    written = {
        path.relative_to(ROOT).as_posix()
        for room in ("dakl_pipeline", "resources", "assets")
        for path in (ROOT / room).rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    forms = {
        "contracts/registers.py",
        "intake/values.py",
        "reference/delivered_files.py",
        "reference/methodology.py",
    }
    assert written == {f"dakl_pipeline/{path}" for path in forms}
