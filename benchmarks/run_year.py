"""`dakl run` compared with what Dagster itself needs, on a demo home; writes a page with the results.

Belongs here: running each way as a process of its own and measuring it. A machine decides the outcome, so this is no
test.

Usage: python benchmarks/run_year.py [--repeats N] [--out PAGE]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from measured import measure

ROOT = Path(__file__).resolve().parents[1]
YEAR = "2023"
# As many assets and checks as the pipeline has, none of which does anything, with a history of runs in SQLite.
BARE = """
import sys
import dagster as dg
STEPS, CHECKS = 11, 3

def empty(number):
    names = [f"check_{n}" for n in range(CHECKS)]
    @dg.asset(name=f"asset_{number}", deps=[f"asset_{number - 1}"] if number else [],
              check_specs=[dg.AssetCheckSpec(name, asset=f"asset_{number}") for name in names])
    def nothing():
        for name in names:
            yield dg.AssetCheckResult(passed=True, check_name=name)
        yield dg.MaterializeResult()
    return nothing

assets = [empty(number) for number in range(STEPS)]
definitions = dg.Definitions(assets=assets, jobs=[dg.define_asset_job("all")], executor=dg.in_process_executor)
quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    assert definitions.resolve_job_def("all").execute_in_process(instance=instance, run_config=quiet).success
"""


def ways(home: Path, scratch: Path) -> dict[str, list[str]]:
    """The measured programs, by title."""
    python, dakl = sys.executable, [str(Path(sys.executable).with_name("dakl")), "run", "--home", str(home)]
    return {
        "`import dagster`": [python, "-c", "import dagster"],
        "Dagster: 11 empty assets with 33 checks, in one process": [python, "-c", BARE, str(scratch)],
        f"`dakl run --year {YEAR}`, nothing changed": [*dakl, "--year", YEAR],
        f"`dakl run --year {YEAR} --force`": [*dakl, "--year", YEAR, "--force"],
        "`dakl run --all --force --jobs 1`": [*dakl, "--all", "--force", "--jobs", "1"],
        "`dakl run --all --force`": [*dakl, "--all", "--force"],
    }


def best_of(program: list[str], repeats: int) -> dict[str, float]:
    """The best times and the highest memory over several runs."""
    told = [measure(program, os.devnull) for _ in range(repeats)]
    return {key: (max if key == "peak_mb" else min)(each[key] for each in told) for key in told[0]}


def main() -> None:
    """Measure every way and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--out", type=Path, default=ROOT / "docs" / "run-speed.md")
    asked = arguments.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        home, scratch = Path(folder) / "home", Path(folder) / "scratch"
        scratch.mkdir()
        subprocess.run([str(Path(sys.executable).with_name("dakl")), "demo", "--home", str(home)], check=True)
        rows = [
            f"| {title} | {best['wall']:.1f} | {best['processor']:.1f} | {best['peak_mb']:.0f} |"
            for title, program in ways(home, scratch).items()
            for best in [best_of(program, asked.repeats)]
        ]
    page = [
        "# Speed of a run",
        "",
        "Written by `benchmarks/run_year.py` on the home of `dakl demo` (100 suppliers, registers of 55,000 persons a "
        "year).",
        f"{os.cpu_count()} cores, load {load:.1f} before the start, {datetime.now(UTC).date()}; the best of "
        f"{asked.repeats}.",
        "",
        "| way | whole process (s) | processor (s) | memory of the largest process (MB) |",
        "| --- | ---: | ---: | ---: |",
        *rows,
    ]
    asked.out.write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
