"""The imports of a command: a supplier who checks a file does not wait for libraries that the check does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.small_home import delivery, row

# Small modules such as `json` load quickly; these take tenths of a second each.
SLOW = {"dagster", "dataframely", "duckdb", "pyarrow", "numpy", "pydantic_settings", "rich", "jinja2", "xlsxwriter"}


def _loaded(folder: Path, *arguments: str) -> set[str]:
    code = (
        "import sys; from dakl_pipeline.cli import main; code = main(sys.argv[1:]); "
        "print(code, *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    program = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        program, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    status, *names = done.stderr.split()
    assert status == "0"
    return set(names)


def test_the_check_loads_only_what_it_needs(tmp_path: Path) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row())
    loaded = _loaded(tmp_path, "check", str(file), "--json")
    assert "polars" in loaded
    assert loaded & SLOW == set()
    # No home is needed, and none is made.
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["deliver", "--help"], ["--version"]])
def test_help_loads_no_data_library(arguments: list[str], tmp_path: Path) -> None:
    assert _loaded(tmp_path, *arguments) & {*SLOW, "polars"} == set()
