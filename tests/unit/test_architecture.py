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

from resources.workflows.opened_home import OpenedHome
from tests.support.paths import ROOT

HEAVY = ("dagster", "dataframely", "duckdb", "pyarrow")
_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
_PURE = next(each["source_modules"] for each in _CONTRACTS if "no clock" in each["name"])


def _modules(package: str) -> list[Path]:
    path = ROOT.joinpath(*package.split("."))
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


PURE_MODULES = [module for package in _PURE for module in _modules(package)]


def test_every_part_of_the_statistics_is_pure() -> None:
    parts = {p.stem for p in (ROOT / "dakl_pipeline").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert {f"dakl_pipeline.{part}" for part in parts - {"__init__", "cli", "definitions", "webserver"}} == set(_PURE)


@pytest.mark.parametrize("module", PURE_MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_statistics_ask_no_clock_and_open_no_file(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    assert not names & {"now", "utcnow", "today", "open", "scan_parquet", "read_parquet", "scan_csv"}


@pytest.mark.parametrize("module", ["dakl_pipeline.intake.check", "dakl_pipeline.cli.app"])
def test_the_check_of_a_file_starts_light(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_doors_and_chain_open_a_home_and_make_no_store_of_their_own() -> None:
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


def test_only_the_doors_say_who_acts() -> None:
    """Every use case gets the actor as an argument, so that a portal can pass one too."""
    code = {path: path.read_text(encoding="utf-8") for path in (ROOT / "resources").rglob("*.py")}
    asking = ("getpass", "getuser", "getuid", "account_of_process")
    asks = {path.relative_to(ROOT).as_posix() for path, text in code.items() if any(name in text for name in asking)}
    assert asks == {"resources/config/account.py"}


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [
        path.parent.relative_to(ROOT).as_posix()
        for top in ("dakl_pipeline", "assets", "resources")
        for path in (ROOT / top).glob("*/__init__.py")
    ]
    assert [room for room in rooms if f"| `{room}/`" not in text] == []


def test_whether_a_text_holds_a_number_of_a_person_is_asked_in_one_place() -> None:
    """Patterns of eight or more digits elsewhere only describe the form of a whole value in a column of numbers.

    But for the border of the history: a false alarm there would stop the figures, so it looks for plain numbers only.
    """
    pattern = re.compile(r"(?:\[0-9\]|\\d)\{+(?:8|9|10)\b")
    written = {
        path.relative_to(ROOT).as_posix()
        for room in ("dakl_pipeline", "resources", "assets")
        for path in (ROOT / room).rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    forms = {
        "contracts/border.py",
        "contracts/registers.py",
        "intake/values.py",
        "reference/delivered_files.py",
        "reference/methodology.py",
    }
    assert written == {f"dakl_pipeline/{path}" for path in forms}
