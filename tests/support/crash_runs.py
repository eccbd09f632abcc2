"""Processes that deliver and run, killed at any moment, each time followed by a rerun.

python -m tests.support.crash_runs HOME FOLDER VARIANTS     forks a worker per line that it reads, prints its id
"""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from assets.chain import STAGES
from dakl_pipeline.deliveries.selection import select
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.storage.delivery_store import DeliveryStore
from tests.support.paths import ROOT
from tests.support.small_home import (
    ANNA,
    BRAM,
    CEES,
    DORA,
    deliver,
    delivery,
    export,
    figures_home,
    make_home,
    row,
    run,
)

YEAR = 2024
TABLES = ("statistics.unique_person_counts", "statistics.coverage", "statistics.supplier_overlap")
# The deliveries of the supplier in turn; each gives other figures.
VARIANTS = (
    (row(ANNA), row(BRAM)),
    (row(ANNA), row(CEES, gemeente="0153")),
    (row(DORA), row("", gemeente="9999")),
    (row(ANNA), row(BRAM), row(CEES), row(DORA, kind="0204")),
)
# A run of this small population takes a few seconds: kills hit every part of it.
LONGEST_SECONDS = 5.0


def _file(folder: Path, variant: int) -> Path:
    return delivery(folder / str(variant), f"DAKL_J{YEAR}_{variant}.csv", *VARIANTS[variant])


def _figures(home: Path) -> dict[str, bytes]:
    return {table: export(home, table, year=YEAR) for table in TABLES}


def _clean_figures(folder: Path, variants: int) -> list[dict[str, bytes]]:
    """The figures of every variant, each from one run in a new home."""
    figures = []
    for variant in range(variants):
        home = figures_home(folder / f"clean-{variant}")
        assert deliver(home, _file(folder, variant), "mo-a") == 0
        assert run(home, YEAR) == 0
        figures.append(_figures(home))
    assert len({repr(each) for each in figures}) == variants
    return figures


def work(home: Path, folder: Path, variants: int, seed: int) -> None:
    """Deliver and run until killed."""
    draw = random.Random(seed)
    while True:
        if draw.random() < 0.5:
            deliver(home, _file(folder, draw.randrange(variants)), "mo-a")
        run(home, YEAR, force=draw.random() < 0.3)


def assert_kills_leave_the_figures_of_a_clean_run(
    folder: Path, kills: int, seed: int, variants: int = len(VARIANTS)
) -> None:
    """Kill workers repeatedly: the figures can always be read, and a rerun gives those of a clean run."""
    clean = _clean_figures(folder, variants)
    home = make_home(folder)
    assert deliver(home, _file(folder, 0), "mo-a") == 0
    assert run(home, YEAR) == 0
    draw = random.Random(seed)
    program = [sys.executable, "-m", "tests.support.crash_runs", str(home), str(folder), str(variants)]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None
        for kill in range(kills):
            print(seed * 1_000_003 + kill, file=forks.stdin, flush=True)
            worker = int(forks.stdout.readline())
            time.sleep(draw.uniform(0, LONGEST_SECONDS))
            os.kill(worker, signal.SIGKILL)
            assert forks.stdout.readline() == f"{-signal.SIGKILL}\n", "a worker ended by itself"
            # Before the rerun the last good figures can be read, of one variant or another.
            assert _figures(home) in clean
            assert run(home, YEAR) == 0
            assert _figures(home) == clean[_selected(home)]
            assert not (left := _stale_files(home, "stages", "history", ".")), left
        forks.stdin.close()
    # The next delivery removes what a killed one left.
    assert deliver(home, _file(folder, 1), "mo-a") == 0
    assert run(home, YEAR) == 0
    assert _figures(home) == clean[1]
    assert not (left := _stale_files(home, "stages", "history", "deliveries", "reports", ".")), left


def _selected(home: Path) -> int:
    opened = Home(home)
    (delivery_,) = select(DeliveryStore(opened.deliveries).entries(), year=YEAR, methodology=load_methodology(opened))
    return int(delivery_.file_name.removesuffix(".csv").rpartition("_")[2])


def _stale_files(home: Path, *folders: str) -> list[str]:
    """Files in some folders that a process left half written, or that are not in use."""
    found = [path for folder in folders for path in (home / folder).glob(".*" if folder == "." else "**/.*")]
    half = [str(path.relative_to(home)) for path in found if not path.name.endswith(("lock", ".sha256", ".head"))]
    tables = [path.name for path in (home / "stages" / str(YEAR)).glob("*.parquet")]
    made = sum(len(stage.tables) for stage in STAGES)
    return half + (sorted(tables) if len(tables) != made else [])


def _fork_workers(home: Path, folder: Path, variants: int) -> None:
    for line in sys.stdin:
        worker = os.fork()
        if worker == 0:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                work(home, folder, variants, int(line))
        print(worker, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]), flush=True)


if __name__ == "__main__":
    # The modules of a run, so that a forked worker has them.
    import dakl_pipeline.cli.runs  # noqa: F401

    _fork_workers(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
