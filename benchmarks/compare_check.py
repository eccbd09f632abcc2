"""`dakl check` compared with other ways to test the same rules, on one file, in one run; writes a page of results.

The results depend on the machine, so this is not a test.

Usage: python benchmarks/compare_check.py [--rows N] [--repeats N] [--frictionless PYTHON] [--out PAGE]
"""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from files import NAME, write_clean_file
from measured import measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MB = 2**20


@dataclass
class Way:
    """A way to check a file, and its best measurement.

    Attributes:
        title: Its name on the page.
        program: The process.
        repeats: How often it is measured.
        tells_seconds: Whether its output ends in the seconds of the check alone.
    """

    title: str
    program: Sequence[str]
    repeats: int
    tells_seconds: bool = False
    wall: float = float("inf")
    processor: float = float("inf")
    peak_mb: float = 0
    alone: float | None = None

    def measure(self, environment: dict[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            told = measure(self.program, str(out), cwd=ROOT, env=environment)
            said = out.read_text()
        self.wall = min(self.wall, told["wall"])
        self.processor = min(self.processor, told["processor"])
        self.peak_mb = max(self.peak_mb, told["peak_mb"])
        if self.tells_seconds:
            rows, faults, seconds = said.split()
            if faults != "0":
                raise SystemExit(f"{self.title} found {faults} faults in {rows} clean rows: it tests something else")
            self.alone = min(self.alone or float("inf"), float(seconds))


def ways(file: Path, small: Path, repeats: int, frictionless: str | None) -> dict[str, Way]:
    dakl = [sys.executable, "-m", "dakl_pipeline.cli", "check", "--home", str(file.parent / "none")]
    contenders = [sys.executable, str(HERE / "contenders.py")]
    found = {
        "human": Way("`dakl check`", [*dakl, str(file)], repeats),
        "json": Way("`dakl check --json`", [*dakl, "--json", str(file)], repeats),
        "dakl": Way("the same check within a process", [*contenders, "dakl", str(file)], repeats, True),
        "duckdb": Way("hand-written DuckDB", [*contenders, "duckdb", str(file)], repeats, True),
        "duckdb_rows_only": Way(
            "hand-written DuckDB without the two rules that compare rows",
            [*contenders, "duckdb_rows_only", str(file)],
            repeats,
            True,
        ),
        "dataframely": Way("dataframely schema", [*contenders, "dataframely", str(file)], repeats, True),
        "dataframely_rows_only": Way(
            "dataframely schema without the two rules that compare rows",
            [*contenders, "dataframely_rows_only", str(file)],
            repeats,
            True,
        ),
    }
    if frictionless:
        program = [frictionless, str(HERE / "contenders.py"), "frictionless", str(file)]
        found["frictionless"] = Way("frictionless validate, format rules only", program, 1, True)
    found["small"] = Way("`dakl check` of 100 rows", [*dakl, str(small)], repeats)
    found["help"] = Way("`dakl --help`", [sys.executable, "-m", "dakl_pipeline.cli", "--help"], repeats)
    return found


def versions(frictionless: str | None) -> str:
    names = ["polars", "duckdb", "dataframely"]
    known = [f"Python {platform.python_version()}", *(f"{name} {importlib.metadata.version(name)}" for name in names)]
    if frictionless:
        code = "import importlib.metadata as m; print(m.version('frictionless'))"
        said = subprocess.run([frictionless, "-c", code], capture_output=True, text=True, check=True).stdout
        known.append(f"frictionless {said.strip()}")
    return ", ".join(known)


def page(measured: dict[str, Way], rows: int, size_mb: float, load: float, known: str) -> str:
    big = [way for name, way in measured.items() if name not in ("small", "help")]
    lines = [
        "# Speed and memory of `dakl check`",
        "",
        "Written by `benchmarks/compare_check.py`; run it to measure your own machine.",
        "",
        f"One clean file of {rows:,} rows with the optional columns ({size_mb:.0f} MB), checked by every rule, "
        "row by row.",
        f"Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}; {known}; "
        f"{datetime.now(UTC).date()}.",
        "",
        f"Load before the start: {load:.1f}. Each way is measured {big[0].repeats} times in turn, frictionless once.",
        "The table shows the best times and the highest memory. Processor time suffers least from other work. Python",
        "modules are compiled beforehand, as by pip.",
        "",
        "| way | whole process (s) | processor (s) | memory (MB) | without start-up (s) |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {w.title} | {w.wall:.2f} | {w.processor:.2f} | {w.peak_mb:.0f} | "
        f"{'' if w.alone is None else format(w.alone, '.2f')} |"
        for w in measured.values()
    ]
    lines += ["", "## Goals", "", "| goal | measured | met |", "| --- | --- | --- |"]
    lines += [f"| {goal} | {text} | {'yes' if is_met else '**no**'} |" for goal, text, is_met in goals(measured)]
    return "\n".join(lines) + "\n" + REMARKS


REMARKS = """
## What is compared

- *Without start-up* is the check alone, after a first check of ten rows in the same process, so without imports and
  first use. `dakl check` reads and checks the file in blocks, in bounded memory; the others load the whole file.
- `dakl check` always compares rows.
- Hand-written DuckDB: one SQL statement over the file with every catalogue rule on values and content, with and without
  duplicates and overlapping stays.
- dataframely: every catalogue rule on values and content as a schema, after Polars has read the file, with and without
  duplicates and overlapping stays. Faults in lines (quotes, number of fields, characters) are not tested.
- frictionless: what a Table Schema can express (required, pattern, code list, existing dates); no content rules.
"""


def goals(measured: dict[str, Way]) -> list[tuple[str, str, bool]]:
    def alone(name: str) -> float:
        return measured[name].alone or 0.0

    ratio = alone("dakl") / alone("duckdb")
    rows_only = alone("dakl") / alone("duckdb_rows_only")
    whole = measured["human"].wall / measured["dataframely"].wall
    found = [
        (
            "at most 1.3 × a hand-written DuckDB pass",
            f"{ratio:.2f} ×; {rows_only:.2f} × the one without the rules that compare rows",
            ratio <= 1.3,
        ),
        (
            "faster than dataframely, whole process",
            f"{measured['human'].wall:.2f} s against {measured['dataframely'].wall:.2f} s",
            whole < 1,
        ),
        (
            "faster than dataframely, without start-up",
            f"{alone('dakl'):.2f} s against {alone('dataframely'):.2f} s; "
            f"{alone('dataframely_rows_only'):.2f} s without the rules that compare rows",
            alone("dakl") < alone("dataframely"),
        ),
    ]
    if "frictionless" in measured:
        times = measured["frictionless"].wall / measured["human"].wall
        found.append(("40 × faster than frictionless, whole process", f"{times:.0f} ×", times >= 40))
    peak = max(measured[name].peak_mb for name in ("human", "json"))
    found.append(("under 500 MB", f"{peak:.0f} MB", peak < 500))
    found.append(("starts in under a second (100 rows)", f"{measured['small'].wall:.2f} s", measured["small"].wall < 1))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--frictionless", metavar="PYTHON", help="an interpreter that has frictionless")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.md")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        file, small = Path(folder) / NAME, Path(folder) / "small" / NAME
        small.parent.mkdir()
        write_clean_file(file, arguments.rows)
        write_clean_file(small, 100)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(Path(folder) / "compiled"), "PYTHONPATH": str(ROOT)}
        measured = ways(file, small, arguments.repeats, arguments.frictionless)
        for program in (measured["small"].program, measured["dataframely"].program, measured["duckdb"].program):
            subprocess.run(program, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        for turn in range(arguments.repeats):
            for way in measured.values():
                if turn < way.repeats:
                    way.measure(environment)
                    print(f"{turn + 1}: {way.title}: {way.wall:.2f} s", flush=True)
        size_mb = file.stat().st_size / MB
        text = page(measured, arguments.rows, size_mb, load, versions(arguments.frictionless))
    arguments.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
